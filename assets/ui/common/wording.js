// @ts-check
/* How counts, differences and their kinds are worded. */

/**
 * @typedef {"original" | "int8"} Side
 * @typedef {"same" | "boundary" | "label" | "only_original" | "only_int8"} Kind
 */

const wording = (() => {
  /** @type {Side[]} */
  const SIDES = ["original", "int8"];

  /** @type {Record<Side, string>} */
  const SIDE_NAMES = { original: "original", int8: "INT8" };

  /** @type {Record<Kind, {name: string, sign: string}>} */
  const KINDS = {
    same: { name: "same", sign: "" },
    boundary: { name: "boundary differs", sign: "↔" },
    label: { name: "label differs", sign: "≠" },
    only_original: { name: "only original", sign: "only" },
    only_int8: { name: "only INT8", sign: "only" },
  };

  /** @param {Side} side @returns {Side} */
  const otherSide = (side) => (side === "int8" ? "original" : "int8");

  /** @param {Kind} kind @param {boolean} fragile */
  const status = (kind, fragile) => KINDS[kind].name + (fragile ? ", fragile" : "");

  /** @param {number} count @param {string} single @param {string} many */
  const countOf = (count, single, many) =>
    `${count.toLocaleString("en")} ${count === 1 ? single : many}`;

  /** @param {number} value */
  function signed(value) {
    const size = Math.abs(value).toFixed(3);
    return Number(size) === 0 ? size : (value < 0 ? "−" : "+") + size;
  }

  return { SIDES, SIDE_NAMES, KINDS, otherSide, status, countOf, signed };
})();
