/* Tab 'Correct': an editor of spans. The text itself can't be changed; selecting and moving in it
 * is the browser's own, by mouse, touch or keyboard, in either direction of writing.
 *
 * What is kept is {documents: [{text, entities: [{start, end, label}]}], at, labels} in this
 * browser's storage. Offsets are half-open code points, as everywhere; a document's entities are in
 * order and do not overlap.
 */
"use strict";

const correction = (() => {
  const STORE = "ner-corrections";
  const STEPS_KEPT = 200;
  const NEW_CLASSES = ["c6", "c7", "c8", "c9"];
  const graphemes = new Intl.Segmenter(undefined, { granularity: "grapheme" });

  let root = null;
  let kept = { documents: [], at: 0, labels: {} };
  let selected = null; // [start, end] in the text on show, code points; null before any.
  let started = ""; // The last start that was taken in.
  const past = new WeakMap(); // document -> {undo: [entities], redo: [entities]}

  const make = (tag, properties = {}, ...children) => {
    const element = Object.assign(document.createElement(tag), properties);
    element.append(...children);
    return element;
  };
  const part = (name) => root.querySelector(`[data-part="${name}"]`);
  const current = () => kept.documents[kept.at];
  const characters = (text) => [...text];
  const spelled = ({ start, end }) => characters(current().text).slice(start, end).join("");

  // ---- Starting and keeping -----------------------------------------------------------------

  function mount(element, props, watch) {
    root = element.querySelector(".ner");
    load();
    const take = () => {
      const value = props.value || {};
      if (!value.data) return show(value.html || "");
      const { id, document: text, labels } = JSON.parse(value.data);
      if (id === started) return show();
      started = id;
      kept.labels = { ...labels, ...kept.labels };
      kept.documents.push({ text: text.text, entities: text.entities });
      kept.at = kept.documents.length - 1;
      selected = null;
      store();
      show();
    };
    watch("value", take);
    take();
  }

  function load() {
    try {
      const found = JSON.parse(localStorage.getItem(STORE));
      if (found && Array.isArray(found.documents)) kept = found;
    } catch {
      // Storage that is switched off or spoilt: begin with nothing.
    }
  }

  function store() {
    try {
      localStorage.setItem(STORE, JSON.stringify(kept));
    } catch {
      say("This browser keeps no more: save your texts before you leave the page.");
    }
  }

  const lines = () =>
    kept.documents.map(({ text, entities }) => JSON.stringify({ text, entities }) + "\n").join("");

  // ---- Showing ------------------------------------------------------------------------------

  /* `notice` is markup of the server's: a sentence in the place of the editor. */
  function show(notice = "") {
    root.innerHTML = notice;
    const total = kept.documents.length;
    document.getElementById("correct-save").hidden = total === 0;
    if (!total) {
      if (!notice) root.append(make("p", { className: "notice", textContent: EMPTY }));
      return;
    }
    kept.at = Math.min(kept.at, total - 1);
    root.append(walkBar(total), labelBar(), editor(), make("p", { className: "small", textContent: KEYS }));
    const status = make("p", { className: "detail" });
    status.dataset.part = "status";
    status.setAttribute("role", "status");
    root.append(status);
    fill();
  }

  const EMPTY =
    "Start a text above, then select words to mark, relabel or delete them. Your work is kept in this browser only, not on the server.";
  const KEYS =
    "Select words (double click, drag, or Shift and arrow keys), then press a label or its digit. In an entity: a digit relabels, Delete deletes, n and p go to the next and previous one. Ctrl+Z undoes, Ctrl+Y redoes.";

  const button = (name, action, properties = {}) => {
    const made = make("button", { type: "button", textContent: name, ...properties });
    made.addEventListener("click", action);
    // Pressing a button must not take the selection away from the text.
    made.addEventListener("mousedown", (event) => event.preventDefault());
    return made;
  };

  function walkBar(total) {
    const go = (step) => () => {
      kept.at = (kept.at + step + total) % total;
      selected = null;
      store();
      show();
    };
    const place = make("span", { textContent: `Text ${kept.at + 1} of ${total}, kept in this browser only` });
    return make(
      "div",
      { className: "actions" },
      button("‹", go(-1), { ariaLabel: "Previous text", disabled: total < 2 }),
      button("›", go(1), { ariaLabel: "Next text", disabled: total < 2 }),
      place,
      button("Undo", () => step("undo", "redo"), { id: "correct-undo" }),
      button("Redo", () => step("redo", "undo"), { id: "correct-redo" }),
      button("Take this text away", takeAway),
    );
  }

  function takeAway() {
    if (!confirm("Take this text and its entities away?")) return;
    kept.documents.splice(kept.at, 1);
    selected = null;
    store();
    show();
  }

  function labelBar() {
    const bar = make("div", { className: "actions" });
    bar.setAttribute("role", "group");
    bar.setAttribute("aria-label", "Labels");
    Object.keys(kept.labels).forEach((label, index) => {
      const chip = make("span", { className: `chip ${kept.labels[label]}`, textContent: label });
      const made = button("", () => mark(label), { className: "choose" });
      made.append(chip, ...(index < 9 ? [" ", make("kbd", { textContent: index + 1 })] : []));
      made.dataset.label = label;
      bar.append(made);
    });
    const name = make("input", { type: "text", size: 10, maxLength: 40, placeholder: "new label" });
    name.setAttribute("aria-label", "New label");
    const add = () => {
      const label = name.value.trim();
      if (!/^[\p{L}\p{M}\p{N}_.-]+$/u.test(label)) return say("A label is made of letters, digits, _, . and -.");
      if (!kept.labels[label]) kept.labels[label] = NEW_CLASSES[Object.keys(kept.labels).length % NEW_CLASSES.length];
      store();
      show();
    };
    name.addEventListener("keydown", (event) => {
      if (event.key === "Enter") add();
    });
    bar.append(button("Delete", remove, { id: "correct-delete" }), name, button("Add label", add));
    return bar;
  }

  function editor() {
    const box = make("div", { className: "text editor", tabIndex: 0, spellcheck: false, dir: "auto" });
    box.dataset.part = "editor";
    // Editable for the sake of its caret: every edit is refused.
    box.setAttribute("contenteditable", "true");
    box.setAttribute("role", "textbox");
    box.setAttribute("aria-multiline", "true");
    box.setAttribute("aria-readonly", "true");
    box.setAttribute("aria-label", "Text to correct");
    box.addEventListener("beforeinput", (event) => event.preventDefault());
    box.addEventListener("dragstart", (event) => event.preventDefault());
    // What could not be refused (an input method's composition) is undone.
    box.addEventListener("input", fill);
    box.addEventListener("compositionend", fill);
    box.addEventListener("keydown", onKey);
    return box;
  }

  function fill() {
    const { text, entities } = current();
    const letters = characters(text);
    const nodes = [];
    let position = 0;
    entities.forEach((entity, index) => {
      if (entity.start > position) nodes.push(letters.slice(position, entity.start).join(""));
      const span = make("span", {
        className: `mark ${kept.labels[entity.label] || "c9"}`,
        textContent: letters.slice(entity.start, entity.end).join(""),
      });
      span.dataset.l = entity.label;
      span.dataset.i = index;
      nodes.push(span);
      position = entity.end;
    });
    nodes.push(letters.slice(position).join(""));
    part("editor").replaceChildren(...nodes);
    const history = historyOf(current());
    root.querySelector("#correct-undo").disabled = !history.undo.length;
    root.querySelector("#correct-redo").disabled = !history.redo.length;
    if (selected && document.activeElement === part("editor")) select(...selected);
    noticeCurrent();
  }

  const say = (sentence) => {
    if (part("status")) part("status").textContent = sentence;
  };

  // ---- Selections: the browser counts UTF-16 units from a node, we code points from the start --

  function offsetOf(node, offset) {
    const range = document.createRange();
    range.selectNodeContents(part("editor"));
    range.setEnd(node, offset);
    return characters(range.toString()).length;
  }

  function placeOf(offset) {
    const walker = document.createTreeWalker(part("editor"), NodeFilter.SHOW_TEXT);
    let left = offset;
    let last = null;
    while (walker.nextNode()) {
      last = walker.currentNode;
      const letters = characters(last.data);
      if (left <= letters.length) return [last, letters.slice(0, left).join("").length];
      left -= letters.length;
    }
    return last ? [last, last.data.length] : [part("editor"), 0];
  }

  function select(start, end) {
    getSelection().setBaseAndExtent(...placeOf(start), ...placeOf(end));
  }

  /* Keeps the last selection within the editor, also while a button has the focus. */
  function readSelection() {
    const { anchorNode, anchorOffset, focusNode, focusOffset } = getSelection();
    const box = part("editor");
    if (!box || !box.contains(anchorNode) || !box.contains(focusNode)) return false;
    const ends = [offsetOf(anchorNode, anchorOffset), offsetOf(focusNode, focusOffset)];
    selected = [Math.min(...ends), Math.max(...ends)];
    return true;
  }

  document.addEventListener("selectionchange", () => {
    if (root && readSelection()) noticeCurrent();
  });

  /* The entity that the caret or the whole selection is in. */
  function entityAt() {
    if (!selected) return null;
    const [start, end] = selected;
    return current().entities.find((one) => one.start <= start && end <= one.end) || null;
  }

  function noticeCurrent() {
    const at = entityAt();
    const index = at ? current().entities.indexOf(at) : -1;
    for (const span of part("editor").querySelectorAll(".mark")) {
      span.classList.toggle("chosen", Number(span.dataset.i) === index);
    }
    if (at && document.activeElement === part("editor")) say(`${spelled(at)}, ${at.label}`);
  }

  /* The selection without white space at its ends, and without half a grapheme; null if empty. */
  function chosenSpan() {
    if (!selected) return null;
    const { text } = current();
    let [start, end] = selected;
    if (start === end) return null;
    let position = 0;
    let from = null;
    let to = null;
    for (const { segment } of graphemes.segment(text)) {
      const next = position + characters(segment).length;
      if (next > start && position < end && segment.trim()) {
        from = from === null ? position : from;
        to = next;
      }
      position = next;
    }
    return from === null ? null : { start: from, end: to };
  }

  // ---- Changing -------------------------------------------------------------------------------

  function historyOf(text) {
    if (!past.has(text)) past.set(text, { undo: [], redo: [] });
    return past.get(text);
  }

  function change(entities, sentence) {
    const text = current();
    const history = historyOf(text);
    history.undo.push(text.entities);
    if (history.undo.length > STEPS_KEPT) history.undo.shift();
    history.redo = [];
    text.entities = entities;
    store();
    fill();
    say(sentence);
  }

  function mark(label) {
    // The event that tells of a new selection may come later than a key.
    readSelection();
    const at = entityAt();
    const span = chosenSpan() || (at && { start: at.start, end: at.end });
    if (!span) return say("Select some words first.");
    const others = current().entities.filter((one) => one.end <= span.start || span.end <= one.start);
    const entities = [...others, { ...span, label }].sort((one, other) => one.start - other.start);
    selected = [span.start, span.end];
    change(entities, `${spelled(span)} is ${label} now`);
  }

  function remove() {
    readSelection();
    const [start, end] = selected || [0, 0];
    const at = entityAt();
    const gone = current().entities.filter((one) => one === at || (one.start < end && start < one.end));
    if (!gone.length) return say("There is no entity here. Put the caret into one.");
    change(
      current().entities.filter((one) => !gone.includes(one)),
      `${gone.map(spelled).join(", ")}: no entity now`,
    );
  }

  function step(from, to) {
    const text = current();
    const history = historyOf(text);
    if (!history[from].length) return;
    history[to].push(text.entities);
    text.entities = history[from].pop();
    store();
    fill();
    say(from === "undo" ? "Undone" : "Redone");
  }

  function jump(direction) {
    readSelection();
    const { entities } = current();
    if (!entities.length) return;
    const from = selected ? selected[0] : -1;
    const order = direction > 0 ? entities : [...entities].reverse();
    const target = order.find((one) => (direction > 0 ? one.start > from : one.start < from)) || order[0];
    select(target.start, target.end);
    part("editor").querySelector(`[data-i="${entities.indexOf(target)}"]`).scrollIntoView({ block: "nearest" });
  }

  function onKey(event) {
    const command = event.ctrlKey || event.metaKey;
    const key = event.key.toLowerCase();
    const act = (action) => {
      event.preventDefault();
      action();
    };
    if (command && key === "z") return act(() => (event.shiftKey ? step("redo", "undo") : step("undo", "redo")));
    if (command && key === "y") return act(() => step("redo", "undo"));
    if (command || event.altKey) return;
    if (key === "delete" || key === "backspace") return act(remove);
    if (key === "n") return act(() => jump(1));
    if (key === "p") return act(() => jump(-1));
    const label = /^[1-9]$/.test(key) && Object.keys(kept.labels)[Number(key) - 1];
    if (label) act(() => mark(label));
  }

  return { mount, lines };
})();
