// @ts-check
/* Tab 'Tag': asking. Whatever changes, the text or a setting, is asked for at once, typing after a
 * pause; from the change on until its answer is there the old answer is marked as old.
 */

const tagAsk = (() => {
  // A pause of this many milliseconds ends a burst of typing.
  const PAUSE = 400;
  const IDLE = "tags as you type";
  /** Counts changes; a question goes out with the count, its answer comes back with it. */
  let changes = 0;
  /** The settings last asked for; null before the first question. @type {string | null} */
  let settings = null;
  let timer = 0;
  /** Whether the text was typed on, rather than begun anew. */
  let typed = false;

  const resultRoot = () => dom.find(document, "#result .ner");
  const box = () => dom.find(document, "#text textarea", HTMLTextAreaElement);

  /** An old answer fades, says so, and can't be shared, saved or corrected. @param {boolean} old */
  function markOld(old) {
    const root = resultRoot();
    dom.setBusy(root, old);
    root.inert = old;
    dom.find(document, "[data-part=asking]").textContent = old ? "updating …" : IDLE;
    if (old) dom.find(document, "#probe-result").classList.add("stale");
  }

  /** @param {number} pause */
  function change(pause) {
    changes += 1;
    markOld(true);
    clearTimeout(timer);
    timer = setTimeout(press, pause);
  }

  /** Gradio's button sends what its fields hold. */
  function press() {
    clearTimeout(timer);
    dom.find(document, "#tag").click();
  }

  /** The text that is there, at once: an example's or a link's, or at a key. */
  function now() {
    changes += 1;
    markOld(true);
    press();
  }

  /**
   * What is sent; the last value is the ticket.
   * @param {unknown[]} values
   */
  function send([text, ...rest]) {
    const chosen = rest.slice(0, -1);
    settings = JSON.stringify(chosen);
    return [text, ...chosen, String(changes)];
  }

  /**
   * A dropdown tells of every touch; only another value is asked for.
   * @param {...unknown} chosen
   */
  function choose(...chosen) {
    if (settings !== null && JSON.stringify(chosen) !== settings) change(0);
  }

  /** @param {string | undefined} ticket */
  const isLatest = (ticket) => ticket === String(changes);

  /** A question that was refused before it was begun. */
  function fail() {
    const root = resultRoot();
    const textContent =
      "The server did not answer. Your text is still here: press Ctrl+Enter in it to try again.";
    root.replaceChildren(
      dom.make("p", { className: "notice problem", role: "alert", textContent }),
    );
    tagState.result = null;
    markOld(false);
  }

  /** The values of an example for Gradio's fields. @param {number} index */
  function example(index) {
    const examples = dom.find(document, "[data-examples]").dataset.examples || "[]";
    const { text, left, right } = JSON.parse(examples)[index];
    typed = false;
    return [text, left, right];
  }

  function count() {
    const counter = dom.find(document, "[data-part=counter]");
    const limit = Number(counter.dataset.limit);
    const length = [...box().value].length;
    counter.textContent = `${length.toLocaleString("en")} / ${limit.toLocaleString("en")}`;
    counter.classList.toggle("over", length > limit);
  }

  document.addEventListener("input", (event) => {
    if (!dom.closest(event, "#text")) return;
    const pasted = event instanceof InputEvent && event.inputType === "insertFromPaste";
    // A text pasted over the old one is another text.
    typed = !pasted || box().value.includes(tagState.result?.data.text || "\0");
    count();
    change(PAUSE);
  });

  document.addEventListener("keydown", (event) => {
    const command = event.ctrlKey || event.metaKey;
    if (event.key === "Enter" && command && dom.closest(event, "#text")) now();
  });

  return {
    now,
    send,
    choose,
    fail,
    example,
    count,
    markOld,
    isLatest,
    resultRoot,
    box,
    get typed() {
      return typed;
    },
  };
})();
