// @ts-check
/* Long tables and lists: some rows at once, the rest frame by frame or on request. */

const rows = (() => {
  // Put into a table at once; the rest follows frame by frame, so that typing stays fluid.
  const AT_ONCE = 60;
  /** @type {WeakMap<HTMLTableElement, number>} how often each table has been filled */
  const turns = new WeakMap();

  /**
   * Fill a table until a newer call. Each portion is a tbody of its own, which the browser lays out
   * only when it is scrolled to.
   * @template Item
   * @param {HTMLTableElement} table
   * @param {Iterator<Item>} items
   * @param {(item: Item) => HTMLTableRowElement} row
   * @param {() => void} added told after each portion
   */
  function fill(table, items, row, added) {
    const turn = (turns.get(table) || 0) + 1;
    turns.set(table, turn);
    for (const body of [...table.tBodies]) body.remove();
    const more = () => {
      if (turns.get(table) !== turn || !table.isConnected) return;
      const portion = take(items, AT_ONCE).map(row);
      table.append(dom.make("tbody", {}, ...portion));
      added();
      if (portion.length === AT_ONCE) requestAnimationFrame(more);
    };
    more();
  }

  /**
   * @template Item
   * @param {Iterator<Item>} items
   * @param {number} most
   */
  function take(items, most) {
    const taken = [];
    for (let item = items.next(); !item.done; item = items.next()) {
      taken.push(item.value);
      if (taken.length === most) break;
    }
    return taken;
  }

  /**
   * Append the first items to `list`; gives the button that appends more.
   * @template Item
   * @param {Element} list
   * @param {Item[]} items
   * @param {(item: Item) => Element} element
   * @param {number} atOnce
   */
  function onRequest(list, items, element, atOnce) {
    const rest = [...items];
    const showMore = () => {
      list.append(...rest.splice(0, atOnce).map(element));
      more.hidden = !rest.length;
      more.textContent = `Show ${Math.min(atOnce, rest.length)} more of ${rest.length}`;
    };
    const more = dom.button("", showMore);
    showMore();
    return more;
  }

  return { fill, onRequest };
})();
