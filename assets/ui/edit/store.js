// @ts-check
/* Editing: the texts and their entities, kept in this browser. Each text is written by itself into
 * what is stored at that moment, so that several tabs of one browser lose nothing.
 *
 * Offsets are half-open code points; a text's entities are in order and do not overlap.
 */

/**
 * @typedef {{start: number, end: number}} Extent
 * @typedef {Extent & {label: string}} GoldEntity
 * @typedef {{name: string, title: string, entities: GoldEntity[]}} Began the side that found them
 * @typedef {{entities: GoldEntity[], began?: Began | null}} GoldText
 * @typedef {{texts: Record<string, GoldText>, labels: Record<string, string>}} Gold
 *   `labels` gives the class of each label's colour
 */

const goldStore = (() => {
  const STORE = "ner-gold";
  const EARLIER = "ner-corrections"; // Of earlier versions: a list of texts.
  const STEPS_KEPT = 200;
  /** @type {Map<string, {undo: GoldEntity[][], redo: GoldEntity[][]}>} */
  const past = new Map();

  /** @param {string} key */
  function parse(key) {
    try {
      return JSON.parse(localStorage.getItem(key) || "null");
    } catch {
      return null; // Storage that is switched off or spoilt holds nothing.
    }
  }

  /** What is stored now, by whichever tab. @returns {Gold} */
  function read() {
    const found = parse(STORE);
    if (found?.texts) return found;
    /** @type {Gold} */
    const gold = { texts: {}, labels: {} };
    const earlier = parse(EARLIER);
    for (const { text, entities, began } of earlier?.documents || []) {
      gold.texts[text] = { entities, began };
    }
    Object.assign(gold.labels, earlier?.labels);
    return gold;
  }

  /** Change what is stored; false where the browser keeps no more. @param {(gold: Gold) => void} change */
  function update(change) {
    const gold = read();
    change(gold);
    try {
      localStorage.setItem(STORE, JSON.stringify(gold));
      localStorage.removeItem(EARLIER);
      return true;
    } catch {
      return false;
    }
  }

  /** @param {string} text */
  function history(text) {
    const known = past.get(text) || { undo: [], redo: [] };
    past.set(text, known);
    return known;
  }

  /** @param {string} text @param {GoldEntity[]} entities */
  function change(text, entities) {
    const { undo, redo } = history(text);
    undo.push(read().texts[text]?.entities || []);
    if (undo.length > STEPS_KEPT) undo.shift();
    redo.length = 0;
    return put(text, entities);
  }

  /** @param {string} text @param {GoldEntity[]} entities @param {Began | null} [began] */
  const put = (text, entities, began) =>
    update(({ texts }) => {
      texts[text] = { ...texts[text], entities, ...(began === undefined ? {} : { began }) };
    });

  /** Undo or redo one change; false where there is none. @param {string} text @param {"undo" | "redo"} from */
  function step(text, from) {
    const steps = history(text);
    const entities = steps[from].pop();
    if (!entities) return false;
    steps[from === "undo" ? "redo" : "undo"].push(read().texts[text]?.entities || []);
    put(text, entities);
    return true;
  }

  /**
   * The spans that are there, gone or labelled otherwise since the text was begun.
   * @param {GoldText} gold
   */
  function changes({ entities, began }) {
    /** @param {GoldEntity[]} all */
    const bySpan = (all) => new Map(all.map(({ start, end, label }) => [`${start} ${end}`, label]));
    const [before, now] = [bySpan(began?.entities || []), bySpan(entities)];
    return [...new Set([...before.keys(), ...now.keys()])].filter(
      (span) => before.get(span) !== now.get(span),
    ).length;
  }

  /** All texts as JSON lines, each with what it began as. */
  const lines = () =>
    Object.entries(read().texts)
      .map(([text, gold]) => {
        const origin = gold.began?.name || null;
        const { entities } = gold;
        return `${JSON.stringify({ text, entities, origin, changes: changes(gold) })}\n`;
      })
      .join("");

  return { STORE, read, update, history, change, put, step, changes, lines };
})();
