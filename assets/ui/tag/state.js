// @ts-check
/* Tab 'Tag': what is on show, and what the reader has set. Offsets are code points, as in Python. */

/**
 * @typedef {{start: number, end: number, label: string, score: number, text: string}} Entity
 * @typedef {{tag: string[], score: number[], margin: number[]}} PieceTags
 * @typedef {{
 *   text: string[], start: number[], end: number[], word: number[],
 *   left: PieceTags, right?: PieceTags | null,
 * }} Pieces
 *
 * A result as the server sends it; without a right side `right` is null. A pair is [index on the left
 * entity, of INT8's, drift of the score].
 * @typedef {{
 *   text: string, left: Entity[], right: Entity[] | null, timing: unknown, titles: Record<Side, string>,
 *   origins: Record<Side, Record<string, string | null>>,
 *   pairs: [number | null, number | null, number | null][], fragile: number[], pieces: Pieces,
 *   labels: Record<string, {name: string, class: string}>,
 *   settings: {left: string, right: string | null, device: string, strategy: string},
 * }} TagData
 *
 * A pair as the filter leaves it: `at` are the indices of its entities, `index` is its own.
 * @typedef {{
 *   index: number, at: Record<Side, number>, left: Entity | null, right: Entity | null,
 *   kind: Kind, drift: number | null, fragile: boolean,
 * }} Pair
 *
 * @typedef {"order" | "entity" | "label" | "start" | "end" | "left" | "right" | "drift" | "status"} Column
 *
 * The result on show: its root element, its marks by side, the pairs that are to be seen, and for
 * each mark its pair.
 * @typedef {{
 *   root: HTMLElement, data: TagData, marks: Record<Side, HTMLElement[]>, pairs: Pair[],
 *   pairOf: Record<Side, (Pair | null)[]>,
 * }} TagResult
 *
 * @typedef {{hidden: Set<string>, threshold: number}} Filter
 */

const tagState = (() => {
  return {
    /** @type {Filter} It outlives a result. */
    filter: { hidden: new Set(), threshold: 0 },

    /** @type {{view: "entities" | "pieces", sort: Column, down: boolean}} Outlives a result, too. */
    table: { view: "entities", sort: "order", down: false },

    /** @type {TagResult | null} */
    result: null,

    /** @type {{side: Side, index: number, pair: Pair} | null} The entity last focused. */
    at: null,

    /** The result on show, where it is known that there is one. */
    get shown() {
      if (this.result) return this.result;
      throw new Error("There is no result on show.");
    },

    /** @param {string} name */
    part(name) {
      return dom.find(this.shown.root, `[data-part="${name}"]`);
    },
  };
})();
