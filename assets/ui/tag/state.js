// @ts-check
/* Tab 'Tag': what is on show, and what the reader has set. Offsets are code points, as in Python. */

/**
 * @typedef {{start: number, end: number, label: string, score: number, text: string}} Entity
 *
 * A side's word pieces by column; `other` is the best label but one, `score - margin` its probability.
 * @typedef {{
 *   text: string[], start: number[], end: number[], word: number[],
 *   tag: string[], score: number[], margin: number[], other: string[],
 * }} Pieces
 *
 * A result as the server sends it; without a right side `right` is null. A pair is [index on the left,
 * on the right, drift of the score]. `timing` comes later.
 * @typedef {{
 *   text: string, left: Entity[], right: Entity[] | null, timing: unknown, titles: Record<Side, string>,
 *   origins: Record<Side, Record<string, string | null>>, provenance: Record<string, unknown>,
 *   pairs: [number | null, number | null, number | null][], fragile: number[],
 *   pieces: Partial<Record<Side, Pieces>>,
 *   labels: Record<string, {name: string, class: string}>,
 *   settings: {left: string, right: string | null, device: string, aggregation: string},
 * }} TagData
 *
 * A pair as the filter leaves it: `at` are the indices of its entities, `index` is its own.
 * @typedef {{
 *   index: number, at: Record<Side, number>, left: Entity | null, right: Entity | null,
 *   kind: Kind, drift: number | null, fragile: boolean,
 * }} Pair
 *
 * @typedef {"order" | "entity" | "label" | "start" | "end" | "left" | "right" | "drift" | "status"} Column
 * @typedef {"merged" | "split"} View
 *
 * The result on show: its root element; its marks, the places of the merged text and, once they are
 * made, those of each side; the entities at each place; the pairs that are to be seen; and for each
 * entity of a side its pair, and its place.
 * @typedef {{
 *   root: HTMLElement, data: TagData, places: HTMLElement[], members: {side: Side, index: number}[][],
 *   marks: Record<Side, HTMLElement[]>,
 *   pairs: Pair[], pairOf: Record<Side, (Pair | null)[]>, placeOf: Record<Side, number[]>,
 * }} TagResult
 *
 * @typedef {{hidden: Set<string>, threshold: number}} Filter
 */

const tagState = (() => {
  return {
    /** @type {Filter} It outlives a result. */
    filter: { hidden: new Set(), threshold: 0 },

    /** How it is shown outlives a result, too: `open` are the names of what is unfolded. */
    view: {
      /** @type {View} */
      name: "merged",
      onlyDifferent: false,
      /** @type {Set<string>} */
      open: new Set(),
      /** @type {Column} */
      sort: "order",
      down: false,
    },

    /** @type {TagResult | null} */
    result: null,

    /** @type {{side: Side, pair: Pair} | null} The entity last focused, and where. */
    at: null,

    /** The result on show, where it is known that there is one. */
    get shown() {
      if (this.result) return this.result;
      throw new Error("There is no result on show.");
    },

    /** The sides that have a result. */
    get sides() {
      return wording.SIDES.filter((side) => this.shown.data[side]);
    },

    /** @param {string} name */
    part(name) {
      return dom.find(this.shown.root, `[data-part="${name}"]`);
    },

    /** A part that is there only with two sides. @param {string} name */
    partOfTwo(name) {
      return dom.findAll(this.shown.root, `[data-part="${name}"]`)[0] || null;
    },
  };
})();
