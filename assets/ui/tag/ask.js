// @ts-check
/* Tab 'Tag': asking. The text is tagged as it is typed: one question at a time, and the newest text
 * next. A setting is asked for at once, whatever runs.
 */

const tagAsk = (() => {
  // Milliseconds: between two questions, until an old answer fades, until times are asked for.
  const BETWEEN = 150;
  const FADE = 300;
  const REST = 350;
  const STORE = "ner-text";
  const AGAIN = dom.touch ? "change it" : "press Ctrl+Enter in it";
  const FAILED = `The server did not answer. Your text is still here: ${AGAIN} to try again.`;

  /** What a question carries besides Gradio's fields. */
  const state = {
    /** @type {Set<string>} Labels that are not shown. */
    without: new Set(),
    view: "merged",
  };
  /** Questions under way; a newer one ends those before it. */
  let running = 0;
  let waiting = false;
  let pressed = 0;
  let settings = "";
  /** What the times on show are of. */
  let timed = "";
  let timings = 0;
  let kind = "";
  let fade = 0;
  let rest = 0;
  let next = 0;

  const box = () => dom.find(document, "#text textarea", HTMLTextAreaElement);
  const limit = () => Number(dom.find(document, "[data-part=counter]").dataset.limit);

  /** Something has changed: ask, or once the question under way is answered. */
  function ask(urgent = false) {
    tell(false);
    clearTimeout(rest);
    fade ||= setTimeout(() => tagShow.markOld(true), FADE);
    if (running && !urgent) {
      waiting = true;
      return;
    }
    clearTimeout(next);
    const pause = urgent ? 0 : Math.max(0, pressed + BETWEEN - Date.now());
    if (pause) next = setTimeout(press, pause);
    else press();
  }

  /** Whether the answer to the newest change is on show. @param {boolean} answered */
  function tell(answered) {
    document.body.dataset.asking = answered ? "" : "asking";
  }

  /** Gradio's button sends what its fields hold. */
  function press() {
    running += 1;
    waiting = false;
    pressed = Date.now();
    dom.press("tag");
  }

  /** A question has ended, answered or not. */
  function answered() {
    running = Math.max(0, running - 1);
    if (waiting) return press();
    if (running) return;
    tell(true);
    clearTimeout(fade);
    fade = 0;
    tagShow.markOld(false);
    rest = setTimeout(askTimes, REST);
  }

  /** Times depend on the text and the sides, not on what is shown of them. */
  function askTimes() {
    if (!tagShow.isShown()) return;
    const of = timedOn();
    if (of === timed || tagShow.data().sides.length < 2) return;
    timed = of;
    timings += 1;
    tagShow.forgetTimes();
    dom.press("time");
  }

  function timedOn() {
    const { text, settings: asked } = tagShow.data();
    const { left, right, device, aggregation, reading } = asked;
    return JSON.stringify([text, left, right, device, aggregation, reading]);
  }

  /** Whether times are of the result on show. @param {string} ticket */
  const isTimed = (ticket) => ticket === String(timings) && timesFit();

  /** Whether the newest times are of the text and the sides on show. */
  const timesFit = () => timed === timedOn();

  /**
   * What is sent for an event: its fields as Gradio has them, and ours in their places.
   * @param {string} name
   * @param {any[]} values
   */
  function send(name, values) {
    const [text, ...others] = values;
    const sent = [[...(text || "")].slice(0, limit()).join(""), ...others];
    if (name !== "time" && name !== "probe") sent[7] = JSON.stringify([...state.without]);
    if (name === "tag") {
      settings = JSON.stringify(sent.slice(1, 7));
      keep(sent);
      sent[8] = state.view;
    }
    if (name === "time") sent[6] = String(timings);
    if (name === "save") sent[8] = kind;
    return sent;
  }

  /** The text survives a reload of this browser tab. @param {any[]} sent */
  function keep([text, left, right, , aggregation, reading, threshold]) {
    try {
      const kept = JSON.stringify({ text, left, right, aggregation, reading, threshold });
      sessionStorage.setItem(STORE, kept);
    } catch {
      // A browser that stores nothing only loses this at a reload.
    }
  }

  /** What a link, or else this browser tab before a reload, holds; for the server to look at. */
  async function kept() {
    tabs.follow();
    const link = await tagShare.read();
    for (const label of link?.hidden || []) state.without.add(String(label));
    return [link ? JSON.stringify(link) : sessionStorage.getItem(STORE) || ""];
  }

  /** A picker tells of every touch; only another value is asked for. @param {unknown[]} now */
  function changed(now) {
    if (now.some((value) => value === null || value === "…")) return;
    if (settings && JSON.stringify(now) !== settings) ask(true);
  }

  /** A request that was refused before it was begun. @param {string} name */
  function failed(name) {
    if (name !== "tag") return;
    running = 0;
    tagShow.say(FAILED);
  }

  /** Save the result as a file, or show it. @param {string} as */
  function save(as) {
    kind = as;
    dom.press("save");
  }

  /** @param {string} json */
  function saved(json) {
    const { name, content, problem } = JSON.parse(json || "{}");
    const out = dom.find(document, "#result [data-part=out]");
    if (problem) dom.output(out, problem);
    else if (kind === "py")
      dom.output(out, "Run it where this project is installed.", content, "code");
    else if (name) dom.save(name, content);
  }

  function count() {
    const counter = dom.find(document, "[data-part=counter]");
    const length = [...box().value].length;
    counter.textContent = `${length.toLocaleString("en")} / ${limit().toLocaleString("en")}`;
    counter.classList.toggle("over", length > limit());
  }

  function now() {
    count();
    ask(true);
  }

  document.addEventListener("input", (event) => {
    if (!dom.closest(event, "#text")) return;
    // A link is of the text that it was made for.
    if (location.hash) history.replaceState(null, "", location.pathname + location.search);
    count();
    ask();
  });

  document.addEventListener("keydown", (event) => {
    const command = event.ctrlKey || event.metaKey;
    if (event.key === "Enter" && command && dom.closest(event, "#text")) now();
  });

  return {
    state,
    ask,
    answered,
    isTimed,
    timesFit,
    send,
    kept,
    changed,
    failed,
    save,
    saved,
    now,
    box,
    limit,
  };
})();
