// @ts-check
/* Tab 'Correct': the texts and their entities, kept in this browser's storage, and what was undone.
 *
 * Offsets are half-open code points, as everywhere; a document's entities are in order and do not
 * overlap.
 */

/**
 * @typedef {{start: number, end: number}} Span
 * @typedef {Span & {label: string}} GoldEntity
 * @typedef {{name: string, title: string, entities: GoldEntity[]}} Began the side that found them
 * @typedef {{
 *   text: string, entities: GoldEntity[], began?: Began | null, sentences?: number[],
 * }} GoldDocument `sentences` is where they begin, the first left out; older ones lack it
 * @typedef {{documents: GoldDocument[], at: number, labels: Record<string, string>}} Corrections
 *   `at` is the document on show; `labels` gives each label's class of colour
 */

const correctState = (() => {
  const STORE = "ner-corrections";
  const STEPS_KEPT = 200;
  /** @type {WeakMap<GoldDocument, {undo: GoldEntity[][], redo: GoldEntity[][]}>} */
  const past = new WeakMap();

  const state = {
    /** @type {Corrections} */
    kept: { documents: [], at: 0, labels: {} },

    /** @type {[number, number] | null} In the text on show; null before any. */
    selected: null,

    get current() {
      return state.kept.documents[state.kept.at];
    },

    load,
    store,
    history,
    change,
    step,
    spelled,
    changes,
    countSentences,
    line,
  };

  function load() {
    try {
      const found = JSON.parse(localStorage.getItem(STORE) || "null");
      if (found && Array.isArray(found.documents)) state.kept = found;
    } catch {
      // Storage that is switched off or spoilt: begin with nothing.
    }
  }

  /** False where the browser keeps no more. */
  function store() {
    try {
      localStorage.setItem(STORE, JSON.stringify(state.kept));
      return true;
    } catch {
      return false;
    }
  }

  /** @param {GoldDocument} text */
  function history(text) {
    const known = past.get(text);
    if (known) return known;
    const made = { undo: [], redo: [] };
    past.set(text, made);
    return made;
  }

  /** @param {GoldEntity[]} entities */
  function change(entities) {
    const { undo, redo } = history(state.current);
    undo.push(state.current.entities);
    if (undo.length > STEPS_KEPT) undo.shift();
    redo.length = 0;
    state.current.entities = entities;
  }

  /** Undo or redo one change; false where there is none. @param {"undo" | "redo"} from */
  function step(from) {
    const steps = history(state.current);
    const entities = steps[from].pop();
    if (!entities) return false;
    steps[from === "undo" ? "redo" : "undo"].push(state.current.entities);
    state.current.entities = entities;
    return true;
  }

  /** @param {Span} span */
  function spelled({ start, end }) {
    return [...state.current.text].slice(start, end).join("");
  }

  /**
   * The spans that are there, gone or labelled otherwise since the text was begun.
   * @param {GoldDocument} text
   */
  function changes({ entities, began }) {
    /** @param {GoldEntity[]} all */
    const bySpan = (all) => new Map(all.map(({ start, end, label }) => [`${start} ${end}`, label]));
    const [before, now] = [bySpan(began?.entities || []), bySpan(entities)];
    return [...new Set([...before.keys(), ...now.keys()])].filter(
      (span) => before.get(span) !== now.get(span),
    ).length;
  }

  /**
   * As they are written: an entity across two holds them together.
   * @param {GoldDocument} text
   */
  function countSentences({ sentences = [], entities }) {
    /** @param {number} at */
    const parts = (at) => !entities.some(({ start, end }) => start < at && at < end);
    return 1 + sentences.filter(parts).length;
  }

  /** A text as a JSON line, with what it began as. @param {GoldDocument} text */
  function line(text) {
    const origin = text.began?.name || null;
    const { entities } = text;
    return `${JSON.stringify({ text: text.text, entities, origin, changes: changes(text) })}\n`;
  }

  return state;
})();
