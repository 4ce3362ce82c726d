// @ts-check
/* Tab 'Correct': selections. The browser counts UTF-16 units from a node, we code points from the
 * start of the text.
 */

const correctSelection = (() => {
  const graphemes = new Intl.Segmenter(undefined, { granularity: "grapheme" });

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
   * A selection without white space at its ends, and without half a grapheme; null if empty.
   * @param {string} text
   * @param {[number, number]} selected
   * @returns {Span | null}
   */
  function trim(text, [start, end]) {
    if (start === end) return null;
    let position = 0;
    /** @type {number | null} */
    let from = null;
    let to = 0;
    for (const { segment } of graphemes.segment(text)) {
      const next = position + [...segment].length;
      if (next > start && position < end && segment.trim()) {
        from ??= position;
        to = next;
      }
      position = next;
    }
    return from === null ? null : { start: from, end: to };
  }

  return { select, read, trim };
})();
