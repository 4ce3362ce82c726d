// @ts-check
/* How counts, differences and their kinds are worded. */

/**
 * @typedef {"left" | "right"} Side
 * @typedef {"same" | "boundary" | "label" | "only_left" | "only_right"} Kind
 */

const wording = (() => {
  /** @type {Side[]} */
  const SIDES = ["left", "right"];

  /** @type {Record<Kind, string>} */
  const SIGNS = { same: "", boundary: "↔", label: "≠", only_left: "only", only_right: "only" };

  /**
   * How a side is called inside a sentence.
   * @param {string} title
   */
  const inProse = (title) => (title === "Original" ? "the original" : title);

  /**
   * @param {Kind} kind
   * @param {Record<Side, string>} titles
   */
  function kindName(kind, titles) {
    if (kind === "same") return "same";
    if (kind === "boundary" || kind === "label") return `${kind} differs`;
    return `only ${inProse(titles[kind === "only_left" ? "left" : "right"])}`;
  }

  /** @param {Side} side @returns {Side} */
  const otherSide = (side) => (side === "right" ? "left" : "right");

  /** @param {Kind} kind @param {boolean} fragile @param {Record<Side, string>} titles */
  const status = (kind, fragile, titles) => kindName(kind, titles) + (fragile ? ", fragile" : "");

  /** @param {number} count @param {string} single @param {string} many */
  const countOf = (count, single, many) =>
    `${count.toLocaleString("en")} ${count === 1 ? single : many}`;

  /** @param {number} value */
  function signed(value) {
    const size = Math.abs(value).toFixed(3);
    return Number(size) === 0 ? size : (value < 0 ? "−" : "+") + size;
  }

  return { SIDES, SIGNS, inProse, otherSide, status, countOf, signed };
})();
