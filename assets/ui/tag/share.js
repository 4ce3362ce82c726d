// @ts-check
/* Tab 'Tag': a link that carries the text and the settings in itself. */

const tagShare = (() => {
  // A link longer than this is cut by mail and chat programs.
  const LONGEST = 8000;

  /** @param {Uint8Array<ArrayBuffer>} bytes @param {CompressionStream | DecompressionStream} stream */
  const through = async (bytes, stream) =>
    new Uint8Array(
      await new Response(new Blob([bytes]).stream().pipeThrough(stream)).arrayBuffer(),
    );

  /** @param {unknown} value */
  async function pack(value) {
    const bytes = new TextEncoder().encode(JSON.stringify(value));
    const packed = await through(bytes, new CompressionStream("deflate-raw"));
    const letters = Array.from(packed, (byte) => String.fromCharCode(byte)).join("");
    return btoa(letters).replaceAll("+", "-").replaceAll("/", "_").replaceAll("=", "");
  }

  /** @param {string} packed */
  async function unpack(packed) {
    const letters = atob(packed.replaceAll("-", "+").replaceAll("_", "/"));
    const bytes = Uint8Array.from(letters, (letter) => letter.charCodeAt(0));
    const plain = await through(bytes, new DecompressionStream("deflate-raw"));
    return JSON.parse(new TextDecoder().decode(plain));
  }

  async function share() {
    const { text, settings } = tagShow.data();
    const { without, ...rest } = settings;
    const hash = `#ner=${await pack({ text, ...rest, hidden: without })}`;
    const link = location.href.split("#")[0] + hash;
    const out = dom.find(document, "#result [data-part=out]");
    if (link.length > LONGEST) {
      const size = `${link.length.toLocaleString("en")} characters`;
      const most = LONGEST.toLocaleString("en");
      const said = `This text makes a link of ${size}; links over ${most} get lost on their way.`;
      return dom.output(out, `${said} Download the result instead.`);
    }
    history.replaceState(null, "", hash);
    tabs.tellSpace("", hash);
    const said = "The text and the settings are in the link itself; nothing is stored.";
    dom.output(out, said, link, "link");
  }

  /** What the link of this page carries; null where it carries nothing that can be read. */
  async function read() {
    const match = /^#ner=([\w-]+)$/.exec(location.hash);
    if (!match) return null;
    try {
      const link = await unpack(match[1]);
      return typeof link?.text === "string" ? link : null;
    } catch {
      return null;
    }
  }

  return { share, read };
})();
