// @ts-check
/* Tab 'Correct': an editor of spans over the texts that this browser keeps. */

const correctTab = (() => {
  const NEW_CLASSES = ["c6", "c7", "c8", "c9"];
  const EMPTY =
    "Start a text above, or press 'Fix this' on tab Tag; then select words to mark, relabel or delete them. Your work is kept in this browser only, not on the server.";
  const KEYS =
    "Select words (double click, drag, or Shift and arrow keys), then press a label or its digit. In an entity: a digit relabels, Delete deletes, n and p go to the next and previous one. Ctrl+Z undoes, Ctrl+Y redoes.";
  let started = ""; // The last start that was taken in.
  let pending = ""; // A result that another tab handed over, on its way to the server.

  /** @param {Element} element @param {Props} props @param {Watch} watch */
  function mount(element, props, watch) {
    const root = dom.find(element, ".ner");
    correctEditor.install(root);
    correctState.load();
    const take = () => {
      const { html = "", data = "" } = props.value || {};
      if (data) start(JSON.parse(data));
      show(root, data ? "" : html);
    };
    watch("value", take);
    take();
  }

  /**
   * @typedef {{name: string, title: string}} Origin the side that found the entities
   * @param {{
   *   id: string, document: GoldDocument & {began: Origin | null}, labels: Record<string, string>,
   * }} start
   */
  function start({ id, document: { text, entities, began, sentences }, labels }) {
    if (id === started) return;
    started = id;
    const { kept } = correctState;
    kept.labels = { ...labels, ...kept.labels };
    kept.documents.push({ text, entities, sentences, began: began && { ...began, entities } });
    kept.at = kept.documents.length - 1;
    correctState.selected = null;
    correctEdit.store();
  }

  /**
   * A result of another tab: the Correct tab comes to the fore with it.
   * @param {{text: string, entities: GoldEntity[], side: Side, title?: string}} result
   */
  function take({ text, entities, side }) {
    const spans = entities.map(({ start, end, label }) => ({ start, end, label }));
    pending = JSON.stringify({ text, entities: spans, side });
    dom.find(document, "#correct-take").click();
  }

  /** What `take` was given, for the request that it makes. */
  const taken = () => pending;

  /** The texts as JSON lines. */
  const lines = () => correctState.kept.documents.map(correctState.line).join("");

  /**
   * `notice` is markup of the server's: a sentence in the place of the editor.
   * @param {HTMLElement} root
   * @param {string} [notice]
   */
  function show(root, notice = "") {
    root.innerHTML = notice;
    const { kept } = correctState;
    const total = kept.documents.length;
    dom.find(document, "#correct-save").hidden = total === 0;
    if (!total) {
      if (!notice) root.append(dom.make("p", { className: "notice", textContent: EMPTY }));
      return;
    }
    kept.at = Math.min(kept.at, total - 1);
    const editor = correctEditor.make();
    editor.addEventListener("keydown", correctEdit.onKey);
    root.append(
      walkBar(root, total),
      labelBar(root),
      editor,
      dom.make("p", { className: "small", textContent: KEYS }),
      dom.make("p", { className: "detail", role: "status", data: { part: "status" } }),
    );
    correctEditor.fill();
  }

  /**
   * @param {string} name
   * @param {() => void} action
   * @param {Partial<HTMLButtonElement> & {data?: Record<string, string>}} [properties]
   */
  function button(name, action, properties = {}) {
    const made = dom.button(name, action, properties);
    // Pressing a button must not take the selection away from the text.
    made.addEventListener("mousedown", (event) => event.preventDefault());
    return made;
  }

  /** @param {HTMLElement} root @param {number} total */
  function walkBar(root, total) {
    const { kept } = correctState;
    /** @param {1 | -1} step */
    const go = (step) => () => {
      kept.at = (kept.at + step + total) % total;
      showAnother(root);
    };
    const place = `Text ${kept.at + 1} of ${total}, kept in this browser only`;
    const facts = dom.make("span", { className: "small", data: { part: "facts" } });
    return dom.make(
      "div",
      { className: "actions" },
      button("‹", go(-1), { ariaLabel: "Previous text", disabled: total < 2 }),
      button("›", go(1), { ariaLabel: "Next text", disabled: total < 2 }),
      dom.make("span", { textContent: place }),
      facts,
      button("Undo", () => correctEdit.step("undo"), { id: "correct-undo" }),
      button("Redo", () => correctEdit.step("redo"), { id: "correct-redo" }),
      button("Remove", () => removeText(root)),
    );
  }

  /** @param {HTMLElement} root */
  function showAnother(root) {
    correctState.selected = null;
    correctEdit.store();
    show(root);
  }

  /** @param {HTMLElement} root */
  function removeText(root) {
    if (!confirm("Remove this text and its entities?")) return;
    correctState.kept.documents.splice(correctState.kept.at, 1);
    showAnother(root);
  }

  /** @param {HTMLElement} root */
  function labelBar(root) {
    const { labels } = correctState.kept;
    const choices = Object.keys(labels).map((label, index) => {
      const made = button("", () => correctEdit.mark(label), {
        className: "choose",
        data: { label },
      });
      made.append(dom.make("span", { className: `chip ${labels[label]}`, textContent: label }));
      if (index < 9) made.append(" ", dom.make("kbd", { textContent: String(index + 1) }));
      return made;
    });
    return dom.make(
      "div",
      { className: "actions", role: "group", ariaLabel: "Labels" },
      ...choices,
      button("Delete", correctEdit.remove, { id: "correct-delete" }),
      ...newLabel(root),
    );
  }

  /** @param {HTMLElement} root */
  function newLabel(root) {
    const name = dom.make("input", {
      type: "text",
      size: 10,
      maxLength: 40,
      placeholder: "new label",
      ariaLabel: "New label",
    });
    const add = () => {
      const label = name.value.trim();
      if (!/^[\p{L}\p{M}\p{N}_.-]+$/u.test(label)) {
        return correctEditor.say("A label is made of letters, digits, _, . and -.");
      }
      const { labels } = correctState.kept;
      labels[label] ||= NEW_CLASSES[Object.keys(labels).length % NEW_CLASSES.length];
      correctEdit.store();
      show(root);
    };
    name.addEventListener("keydown", (event) => {
      if (event.key === "Enter") add();
    });
    return [name, button("Add label", add)];
  }

  return { mount, lines, take, taken };
})();
