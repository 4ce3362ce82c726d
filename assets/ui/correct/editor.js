// @ts-check
/* Tab 'Correct': the box with the text. Selecting and moving in it is the browser's own, by mouse,
 * touch or keyboard, in either direction of writing; the text itself can't be changed.
 */

const correctEditor = (() => {
  /** @type {HTMLElement | null} */
  let root = null;

  /** @param {HTMLElement} element */
  const install = (element) => {
    root = element;
  };

  /** @param {string} name @returns {HTMLElement | null} null while no text is on show */
  const part = (name) => (root && dom.findAll(root, `[data-part="${name}"]`)[0]) || null;

  /** @param {string} sentence */
  const say = (sentence) => part("status")?.replaceChildren(sentence);

  /** Editable for the sake of its caret: every edit is refused. */
  function make() {
    const box = dom.make("div", {
      className: "text editor",
      tabIndex: 0,
      spellcheck: false,
      dir: "auto",
      contentEditable: "true",
      role: "textbox",
      ariaMultiLine: "true",
      ariaReadOnly: "true",
      ariaLabel: "Text to correct",
      data: { part: "editor" },
    });
    box.addEventListener("beforeinput", (event) => event.preventDefault());
    box.addEventListener("dragstart", (event) => event.preventDefault());
    // What could not be refused (an input method's composition) is undone.
    box.addEventListener("input", fill);
    box.addEventListener("compositionend", fill);
    return box;
  }

  /** The text with its entities marked. */
  function nodes() {
    const { current, kept } = correctState;
    const letters = [...current.text];
    let position = 0;
    const marked = current.entities.flatMap(({ start, end, label }, index) => {
      const before = letters.slice(position, start).join("");
      const spelled = letters.slice(start, end).join("");
      position = end;
      return [before, dom.mark(spelled, label, kept.labels[label] || "c9", { i: String(index) })];
    });
    return [...marked, letters.slice(position).join("")].filter((node) => node !== "");
  }

  function fill() {
    const box = part("editor");
    if (!root || !box) return;
    box.replaceChildren(...nodes());
    const history = correctState.history(correctState.current);
    dom.find(root, "#correct-undo", HTMLButtonElement).disabled = !history.undo.length;
    dom.find(root, "#correct-redo", HTMLButtonElement).disabled = !history.redo.length;
    const { selected } = correctState;
    if (selected && document.activeElement === box) correctSelection.select(box, ...selected);
    part("facts")?.replaceChildren(facts(correctState.current));
    noticeCurrent();
  }

  /** How much there is of a text, and what it began as. @param {GoldDocument} text */
  function facts(text) {
    const sentences = wording.countOf(correctState.countSentences(text), "sentence", "sentences");
    const entities = wording.countOf(text.entities.length, "entity", "entities");
    const counted = `${sentences}, ${entities}`;
    if (!text.began) return `${counted}; by hand`;
    const changes = wording.countOf(correctState.changes(text), "change", "changes");
    return `${counted}; began as the output of ${text.began.title}, ${changes} since`;
  }

  /** Keeps the last selection within the editor, also while a button has the focus. */
  function readSelection() {
    const read = correctSelection.read(part("editor"));
    if (read) correctState.selected = read;
    return read !== null;
  }

  /** The entity that the caret or the whole selection is in. */
  function entityAt() {
    if (!correctState.selected) return null;
    const [start, end] = correctState.selected;
    const { entities } = correctState.current;
    return entities.find((entity) => entity.start <= start && end <= entity.end) || null;
  }

  function noticeCurrent() {
    const box = part("editor");
    if (!box) return;
    const at = entityAt();
    const index = at ? correctState.current.entities.indexOf(at) : -1;
    for (const span of dom.findAll(box, ".mark")) {
      span.classList.toggle("chosen", Number(span.dataset.i) === index);
    }
    if (at && document.activeElement === box) say(`${correctState.spelled(at)}, ${at.label}`);
  }

  document.addEventListener("selectionchange", () => {
    if (readSelection()) noticeCurrent();
  });

  return { install, part, say, make, fill, readSelection, entityAt };
})();
