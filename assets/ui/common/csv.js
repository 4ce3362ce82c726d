// @ts-check
/* CSV that a spreadsheet can open without running what it finds. */

const csv = (() => {
  // Python's \s, which ner/io.py uses, has U+001C to U+001F and U+0085 besides JavaScript's.
  // biome-ignore lint/suspicious/noControlCharactersInRegex: these are what must not pass
  const FORMULA = /^(?:[\t\r\n\0]|[\s\u001c-\u001f\u0085\ufeff\u200b]*[=+\-@＝＋－＠])/;

  /**
   * A cell that begins like a formula gets an apostrophe, which makes it a text; the same rule, and
   * the same cases in its tests, as in ner/io.py.
   * @param {string} cell
   */
  const neutralize = (cell) => (FORMULA.test(cell) ? `'${cell}` : cell);

  /** @param {string | number | null | undefined} value */
  function field(value) {
    if (value === null || value === undefined) return "";
    if (typeof value === "number") return String(value);
    const safe = neutralize(value);
    return /[",\r\n]/.test(safe) ? `"${safe.replaceAll('"', '""')}"` : safe;
  }

  /** @param {(string | number | null | undefined)[][]} rows */
  const write = (rows) => rows.map((row) => `${row.map(field).join(",")}\r\n`).join("");

  return { neutralize, write };
})();
