// @ts-check
/* Tab 'Correct': marking, relabelling, deleting, undoing and walking, by button or key. */

const correctEdit = (() => {
  const { part, say, fill, readSelection, entityAt } = correctEditor;

  function store() {
    if (!correctState.store()) {
      say("This browser keeps no more: save your texts before you leave the page.");
    }
  }

  /** @param {GoldEntity[]} entities @param {string} sentence */
  function change(entities, sentence) {
    correctState.change(entities);
    store();
    fill();
    say(sentence);
  }

  /** @param {string} label */
  function mark(label) {
    // The event that tells of a new selection may come later than a key.
    readSelection();
    const { selected, current } = correctState;
    const at = entityAt();
    const span = (selected && correctSelection.snap(current.text, selected)) || at;
    if (!span) return say("Select some words first.");
    const { start, end } = span;
    const others = current.entities.filter((entity) => entity.end <= start || end <= entity.start);
    const entities = [...others, { start, end, label }].sort((a, b) => a.start - b.start);
    correctState.selected = [start, end];
    change(entities, `${correctState.spelled(span)} is ${label} now`);
  }

  function remove() {
    readSelection();
    const [start, end] = correctState.selected || [0, 0];
    const { entities } = correctState.current;
    const at = entityAt();
    const gone = entities.filter(
      (entity) => entity === at || (entity.start < end && start < entity.end),
    );
    if (!gone.length) return say("There is no entity here. Put the caret into one.");
    change(
      entities.filter((entity) => !gone.includes(entity)),
      `${gone.map(correctState.spelled).join(", ")}: no entity now`,
    );
  }

  /** @param {"undo" | "redo"} from */
  function step(from) {
    if (!correctState.step(from)) return;
    store();
    fill();
    say(from === "undo" ? "Undone" : "Redone");
  }

  /** @param {1 | -1} direction */
  function jump(direction) {
    readSelection();
    const { entities } = correctState.current;
    const box = part("editor");
    if (!entities.length || !box) return;
    const from = correctState.selected ? correctState.selected[0] : -1;
    const order = direction > 0 ? entities : [...entities].reverse();
    const target = order.find((entity) => (entity.start - from) * direction > 0) || order[0];
    correctSelection.select(box, target.start, target.end);
    const span = dom.find(box, `[data-i="${entities.indexOf(target)}"]`);
    span.scrollIntoView({ block: "nearest" });
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
    const label = /^[1-9]$/.test(key) && Object.keys(correctState.kept.labels)[Number(key) - 1];
    return label ? () => mark(label) : null;
  }

  /** @param {KeyboardEvent} event */
  function onKey(event) {
    const action = actionOf(event);
    if (!action) return;
    event.preventDefault();
    action();
  }

  return { store, mark, remove, step, onKey };
})();
