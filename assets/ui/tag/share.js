// @ts-check
/* Tab 'Tag': a link and a snippet of Python that give the result on show once more. */

const tagShare = (() => {
  // A link longer than this is cut by mail and chat programs.
  const LONGEST_LINK = 8000;

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
    const { text, settings } = tagState.shown.data;
    const { hidden, threshold } = tagState.filter;
    const hash = `#ner=${await pack({ text, ...settings, hidden: [...hidden], threshold })}`;
    const link = location.href.split("#")[0] + hash;
    if (link.length > LONGEST_LINK) {
      output(
        `This text makes a link of ${link.length.toLocaleString("en")} characters; links over ` +
          `${LONGEST_LINK.toLocaleString("en")} get lost on their way. Download the result instead.`,
      );
      return;
    }
    history.replaceState(null, "", hash);
    // Inside the frame of a Space only the outer page can change the address that a reader sees.
    if (window.parent !== window) {
      window.parent.postMessage({ queryString: "", hash }, "https://huggingface.co");
    }
    output("The text and the settings are in the link itself; nothing is stored.", link);
  }

  /**
   * What a link carries, for Gradio's components in the order given; a value that the page doesn't
   * offer leaves its component as it is.
   * @param {...unknown} now
   */
  async function read(...now) {
    const match = /^#ner=([\w-]+)$/.exec(location.hash);
    if (!match) return now;
    let link;
    try {
      link = await unpack(match[1]);
    } catch {
      return now;
    }
    const offered = JSON.parse(dom.find(document, "[data-offered]").dataset.offered || "{}");
    /** @param {string} name @param {number} index */
    const known = (name, index) => (offered[name].includes(link[name]) ? link[name] : now[index]);
    if (typeof link.text !== "string") return now;
    if (Array.isArray(link.hidden)) tagState.filter.hidden = new Set(link.hidden.map(String));
    if (link.threshold >= 0 && link.threshold <= 1)
      tagState.filter.threshold = Number(link.threshold);
    const chosen = ["left", "right", "device", "aggregation"];
    return [link.text, ...chosen.map((name, index) => known(name, index + 1))];
  }

  function python() {
    const { text, settings, labels } = tagState.shown.data;
    const { hidden, threshold } = tagState.filter;
    const visible = Object.keys(labels).filter((label) => !hidden.has(label));
    const filtered = visible.length < Object.keys(labels).length;
    const options = [
      settings.left !== "bundled#original" && `left=${JSON.stringify(settings.left)}`,
      settings.right !== "bundled#int8" && `right=${JSON.stringify(settings.right)}`,
      settings.aggregation !== "first" && `aggregation=${JSON.stringify(settings.aggregation)}`,
      threshold > 0 && `threshold=${threshold}`,
      filtered && `labels=[${visible.map((label) => JSON.stringify(label)).join(", ")}]`,
      settings.device !== "CPU" && `device=${JSON.stringify(settings.device)}`,
    ];
    const lines = [
      "import ner",
      "",
      `text = ${JSON.stringify(text)}`,
      `for pair in ner.compare(${["text", ...options.filter(Boolean)].join(", ")}).pairs:`,
      "    print(pair.kind, pair.left, pair.right)",
    ];
    output("Run it where this project is installed.", lines.join("\n"));
  }

  /**
   * Show what can be taken away, and put it on the clipboard where the browser lets us.
   * @param {string} sentence
   * @param {string} [content]
   */
  function output(sentence, content) {
    const note = dom.make("p", { textContent: sentence, role: "status" });
    if (content === undefined) return tagState.part("out").replaceChildren(note);
    const field = dom.make("pre", { textContent: content, tabIndex: 0 });
    const copy = dom.button("Copy", async () => {
      try {
        await navigator.clipboard.writeText(content);
        copy.textContent = "Copied";
      } catch {
        getSelection()?.selectAllChildren(field);
        copy.textContent = "Selected: press Ctrl+C";
      }
    });
    tagState.part("out").replaceChildren(note, field, copy);
  }

  return { share, read, python, output };
})();
