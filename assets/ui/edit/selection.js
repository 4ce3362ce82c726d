// @ts-check
/* Editing: selections. The browser counts UTF-16 units from a node, we code points from the
 * start of the text.
 */

const editSelection = (() => {
  const graphemes = new Intl.Segmenter(undefined, { granularity: "grapheme" });
  // What belongs to one token with its like, as in ner/files/gold.py.
  const WORDY = /^[\p{L}\p{N}\p{M}_]/u;
  // Written without spaces between words: here a selection stays as it was made.
  const UNSPACED =
    /^[\p{sc=Han}\p{sc=Hira}\p{sc=Kana}\p{sc=Thai}\p{sc=Laoo}\p{sc=Khmr}\p{sc=Mymr}]/u;

  /** @param {HTMLElement} box @param {Node} node @param {number} offset */
  function offsetOf(box, node, offset) {
    const range = document.createRange();
    range.selectNodeContents(box);
    range.setEnd(node, offset);
    return [...range.toString()].length;
  }

  /** @param {HTMLElement} box @param {number} offset @returns {[Node, number]} */
  function placeOf(box, offset) {
    const walker = document.createTreeWalker(box, NodeFilter.SHOW_TEXT);
    let left = offset;
    /** @type {Text | null} */
    let last = null;
    while (walker.nextNode()) {
      last = /** @type {Text} */ (walker.currentNode);
      const letters = [...last.data];
      if (left <= letters.length) return [last, letters.slice(0, left).join("").length];
      left -= letters.length;
    }
    return last ? [last, last.data.length] : [box, 0];
  }

  /** @param {HTMLElement} box @param {number} start @param {number} end */
  function select(box, start, end) {
    getSelection()?.setBaseAndExtent(...placeOf(box, start), ...placeOf(box, end));
  }

  /**
   * The selection within `box`; null where it is elsewhere.
   * @param {HTMLElement | null} box
   * @returns {[number, number] | null}
   */
  function read(box) {
    const selection = getSelection();
    if (!box || !selection?.anchorNode || !selection.focusNode) return null;
    const { anchorNode, anchorOffset, focusNode, focusOffset } = selection;
    if (!box.contains(anchorNode) || !box.contains(focusNode)) return null;
    const ends = [offsetOf(box, anchorNode, anchorOffset), offsetOf(box, focusNode, focusOffset)];
    return [Math.min(...ends), Math.max(...ends)];
  }

  /**
   * A selection widened to whole words, without white space at its ends; null if empty.
   * @param {string} text
   * @param {[number, number]} selected
   * @returns {Extent | null}
   */
  function snap(text, [start, end]) {
    const inside = units(text).filter((unit) => unit.end > start && unit.start < end && unit.seen);
    if (start === end || !inside.length) return null;
    return { start: inside[0].start, end: inside[inside.length - 1].end };
  }

  /**
   * The words of a text, and each other grapheme by itself.
   * @param {string} text
   */
  function units(text) {
    /** @type {(Extent & {seen: boolean, wordy: boolean})[]} */
    const found = [];
    let start = 0;
    for (const { segment } of graphemes.segment(text)) {
      const end = start + [...segment].length;
      const wordy = WORDY.test(segment) && !UNSPACED.test(segment);
      const last = found.at(-1);
      if (wordy && last?.wordy) last.end = end;
      else found.push({ start, end, wordy, seen: Boolean(segment.trim()) });
      start = end;
    }
    return found;
  }

  return { select, read, snap };
})();
