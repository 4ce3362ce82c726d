// @ts-check
/* Editing, a mode of tab 'Tag': mark, relabel and delete entities by hand. Selecting and moving in
 * the text is the browser's own, by mouse, touch or keyboard; the text itself can't be changed.
 */

const editMode = (() => {
  const NEW_STYLES = ["c6", "c7", "c8", "c9"];
  const KEYS = dom.touch
    ? "Select words, then tap a label. In an entity: a label relabels it."
    : "Select words, then press a label or its digit. In an entity: a digit relabels, Delete deletes, n and p go to the next and previous one. Ctrl+Z undoes, Ctrl+Y redoes.";
  const FULL = "This browser keeps no more: save your texts before you leave the page.";
  /** The text in the editor; null while nothing is edited. @type {string | null} */
  let current = null;
  /** The result that editing began with. @type {TagData | null} */
  let result = null;
  /** @type {[number, number] | null} */
  let selected = null;

  const root = () => dom.find(document, "#editor");
  /** @param {string} name */
  const part = (name) => dom.findAll(root(), `[data-part="${name}"]`)[0] || null;
  const text = () => current || "";
  const gold = () => goldStore.read().texts[text()] || { entities: [] };
  /** @param {string} sentence */
  const say = (sentence) => part("status")?.replaceChildren(sentence);

  /** Edit the text of a result: what is kept of it, or what side A found. @param {TagData} data */
  function begin(data) {
    result = data;
    current = data.text;
    goldStore.update((kept) => {
      kept.labels = { ...data.classes, ...kept.labels };
    });
    if (!goldStore.read().texts[current]) startFrom(0);
    show();
  }

  /** @param {number} side 0 is A, 1 is B, 2 nothing */
  function startFrom(side) {
    const found = result?.sides[side];
    const entities = (found?.entities || []).map(([start, end, label]) => ({ start, end, label }));
    const began = found ? { name: found.name, title: found.title, entities } : null;
    if (goldStore.read().texts[text()]) goldStore.change(text(), entities);
    if (!goldStore.put(text(), entities, began)) say(FULL);
  }

  function end() {
    current = null;
    show();
  }

  function show() {
    document.body.classList.toggle("editing", current !== null);
    selected = null;
    if (current === null) return root().replaceChildren();
    const editor = makeEditor();
    root().replaceChildren(
      dom.make(
        "div",
        { className: "ner" },
        bar(),
        labels(),
        editor,
        dom.make("p", { className: "detail", role: "status", data: { part: "status" } }, KEYS),
        saves(),
      ),
    );
    fill();
    editor.focus({ preventScroll: true });
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

  function bar() {
    const texts = Object.keys(goldStore.read().texts);
    const at = texts.indexOf(text());
    /** @param {number} by */
    const go = (by) => () => {
      current = texts[(at + by + texts.length) % texts.length];
      show();
    };
    const own =
      result?.text === current ? [...result.sides.map((side) => side.title), "nothing"] : [];
    const starts = own.map((name, side) =>
      button(name, () => {
        startFrom(side === own.length - 1 ? 2 : side);
        fill();
      }),
    );
    return dom.make(
      "div",
      { className: "actions" },
      button("‹", go(-1), { ariaLabel: "Previous text", disabled: texts.length < 2 }),
      `Text ${at + 1} of ${texts.length}, kept in this browser only`,
      button("›", go(1), { ariaLabel: "Next text", disabled: texts.length < 2 }),
      dom.make("span", { className: "small", data: { part: "facts" } }),
      dom.make(
        "span",
        { className: "group" },
        ...(own.length ? ["Start again from", ...starts] : []),
      ),
      button("Undo", () => step("undo"), { id: "edit-undo" }),
      button("Redo", () => step("redo"), { id: "edit-redo" }),
      button("Delete text", removeText),
      button("Done", end, { className: "primary" }),
    );
  }

  function removeText() {
    if (!confirm("Delete this text and its entities from this browser?")) return;
    goldStore.update(({ texts }) => {
      delete texts[text()];
    });
    current = Object.keys(goldStore.read().texts)[0] ?? null;
    show();
  }

  function labels() {
    const styles = goldStore.read().labels;
    const choices = Object.keys(styles).map((label, index) => {
      const made = button("", () => mark(label), { data: { label } });
      made.append(dom.make("span", { className: `chip ${styles[label]}`, textContent: label }));
      if (index < 9) made.append(" ", dom.make("kbd", { textContent: String(index + 1) }));
      return made;
    });
    const name = dom.make("input", {
      type: "text",
      size: 10,
      maxLength: 40,
      placeholder: "new label",
      ariaLabel: "New label",
    });
    const add = () => addLabel(name.value.trim());
    name.addEventListener("keydown", (event) => {
      if (event.key === "Enter") add();
    });
    return dom.make(
      "div",
      { className: "actions", role: "group", ariaLabel: "Labels" },
      ...choices,
      button("Delete entity", remove, { id: "edit-delete" }),
      name,
      button("Add label", add),
    );
  }

  /** @param {string} label */
  function addLabel(label) {
    if (!/^[\p{L}\p{M}\p{N}_.-]+$/u.test(label)) {
      return say("A label is made of letters, digits, _, . and -.");
    }
    goldStore.update(({ labels: styles }) => {
      styles[label] ||= NEW_STYLES[Object.keys(styles).length % NEW_STYLES.length];
    });
    show();
  }

  /** The texts as a file; or into tab 'Decide', where both sides are measured on them. */
  function saves() {
    const files = { conll: "CoNLL", jsonl: "JSON lines", spacy: "spaCy JSON lines" };
    const all = Object.entries(files).map(([form, name]) =>
      button(name, () => ask(form), { data: { gold: form } }),
    );
    return dom.make(
      "div",
      { className: "actions" },
      dom.make("span", { className: "group" }, "Save all texts as", ...all),
      button("Decide on these texts →", () => ask("sentences"), { id: "decide-on-gold" }),
    );
  }

  let form = "";

  /** @param {string} asked */
  function ask(asked) {
    form = asked;
    dom.press(asked === "sentences" ? "gold-decide" : "gold-save");
  }

  const asked = () => [goldStore.lines(), form];

  /** @param {string} content */
  function saved(content) {
    dom.save(`gold.${form === "spacy" ? "spacy.jsonl" : form}`, content);
  }

  // ---- The text ----

  /** Editable for the sake of its caret: every edit is refused. */
  function makeEditor() {
    const box = dom.make("div", {
      className: "text editor",
      tabIndex: 0,
      spellcheck: false,
      dir: "auto",
      contentEditable: "true",
      role: "textbox",
      ariaMultiLine: "true",
      ariaReadOnly: "true",
      ariaLabel: "Text to edit",
      data: { part: "editor" },
    });
    box.addEventListener("beforeinput", (event) => event.preventDefault());
    box.addEventListener("dragstart", (event) => event.preventDefault());
    // What could not be refused (an input method's composition) is undone.
    box.addEventListener("input", fill);
    box.addEventListener("compositionend", fill);
    box.addEventListener("keydown", onKey);
    return box;
  }

  function fill() {
    const box = part("editor");
    if (!box) return;
    const { labels: styles } = goldStore.read();
    const { entities, began } = gold();
    const letters = [...text()];
    let position = 0;
    const marked = entities.flatMap(({ start, end: to, label }, index) => {
      const before = letters.slice(position, start).join("");
      position = to;
      const spelled = letters.slice(start, to).join("");
      return [before, dom.mark(spelled, label, styles[label] || "c9", { i: String(index) })];
    });
    box.replaceChildren(
      ...[...marked, letters.slice(position).join("")].filter((node) => node !== ""),
    );
    const { undo, redo } = goldStore.history(text());
    dom.find(root(), "#edit-undo", HTMLButtonElement).disabled = !undo.length;
    dom.find(root(), "#edit-redo", HTMLButtonElement).disabled = !redo.length;
    if (selected && document.activeElement === box) editSelection.select(box, ...selected);
    const counted = dom.countOf(entities.length, "entity", "entities");
    const since = `began as the output of ${began?.title}, ${dom.countOf(goldStore.changes(gold()), "change", "changes")} since`;
    part("facts")?.replaceChildren(`${counted}; ${began ? since : "by hand"}`);
    noticeCurrent();
  }

  /** Keeps the last selection within the editor, also while a button has the focus. */
  function readSelection() {
    const read = editSelection.read(part("editor"));
    if (read) selected = read;
    return read !== null;
  }

  /** The entity that the caret or the whole selection is in. */
  function entityAt() {
    const [start, to] = selected || [-1, -1];
    return gold().entities.find((entity) => entity.start <= start && to <= entity.end) || null;
  }

  function noticeCurrent() {
    const box = part("editor");
    const at = entityAt();
    const index = at ? gold().entities.findIndex(({ start }) => start === at.start) : -1;
    for (const span of box ? dom.findAll(box, ".e") : []) {
      span.classList.toggle("chosen", Number(span.dataset.i) === index);
    }
    if (at && document.activeElement === box) say(`${spelled(at)}, ${at.label}`);
  }

  /** @param {Extent} span */
  const spelled = ({ start, end: to }) => [...text()].slice(start, to).join("");

  /** @param {GoldEntity[]} entities @param {string} sentence */
  function change(entities, sentence) {
    const kept = goldStore.change(text(), entities);
    fill();
    say(kept ? sentence : FULL);
  }

  /** @param {string} label */
  function mark(label) {
    // The event that tells of a new selection may come later than a key.
    readSelection();
    const span = (selected && editSelection.snap(text(), selected)) || entityAt();
    if (!span) return say("Select some words first.");
    const { start, end: to } = span;
    const others = gold().entities.filter((entity) => entity.end <= start || to <= entity.start);
    selected = [start, to];
    const entities = [...others, { start, end: to, label }].sort((a, b) => a.start - b.start);
    change(entities, `${spelled(span)} is ${label} now`);
  }

  function remove() {
    readSelection();
    const [start, to] = selected || [0, 0];
    const { entities } = gold();
    const at = entityAt();
    const gone = entities.filter(
      (entity) => entity.start === at?.start || (entity.start < to && start < entity.end),
    );
    if (!gone.length) return say("There is no entity here. Put the caret into one.");
    const rest = entities.filter((entity) => !gone.includes(entity));
    change(rest, `${gone.map(spelled).join(", ")}: no entity now`);
  }

  /** @param {"undo" | "redo"} from */
  function step(from) {
    if (!goldStore.step(text(), from)) return;
    fill();
    say(from === "undo" ? "Undone" : "Redone");
  }

  /** @param {1 | -1} by */
  function jump(by) {
    readSelection();
    const { entities } = gold();
    const box = part("editor");
    if (!entities.length || !box) return;
    const from = selected ? selected[0] : -1;
    const order = by > 0 ? entities : [...entities].reverse();
    const target = order.find((entity) => (entity.start - from) * by > 0) || order[0];
    editSelection.select(box, target.start, target.end);
    dom.find(box, `[data-i="${entities.indexOf(target)}"]`).scrollIntoView({ block: "nearest" });
  }

  /**
   * What a key does in the editor; nothing where it is the browser's own.
   * @param {KeyboardEvent} event
   * @returns {(() => void) | null}
   */
  function actionOf(event) {
    const command = event.ctrlKey || event.metaKey;
    const key = event.key.toLowerCase();
    if (command && key === "z") return () => step(event.shiftKey ? "redo" : "undo");
    if (command && key === "y") return () => step("redo");
    if (command || event.altKey) return null;
    if (key === "delete" || key === "backspace") return remove;
    if (key === "n") return () => jump(1);
    if (key === "p") return () => jump(-1);
    const label = /^[1-9]$/.test(key) && Object.keys(goldStore.read().labels)[Number(key) - 1];
    return label ? () => mark(label) : null;
  }

  /** @param {KeyboardEvent} event */
  function onKey(event) {
    const action = actionOf(event);
    if (!action) return;
    event.preventDefault();
    action();
  }

  document.addEventListener("selectionchange", () => {
    if (current !== null && readSelection()) noticeCurrent();
  });

  // Another tab of this browser changed what is kept.
  addEventListener("storage", ({ key }) => {
    if (current !== null && key === goldStore.STORE) fill();
  });

  return { begin, asked, saved };
})();
