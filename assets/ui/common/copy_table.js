// @ts-check
/* Rows of a long table are laid out as grids (see page.css), which a browser copies as one cell a
 * line: here they are copied as the table that they are.
 */

(() => {
  document.addEventListener("copy", (event) => {
    const rows = selectedRows(getSelection());
    if (!rows.length || !event.clipboardData) return;
    const table = rows.map(cells);
    const lines = table.map((row) => `${row.join("\t")}\n`);
    event.clipboardData.setData("text/plain", lines.join(""));
    const made = table.map((row) =>
      dom.make("tr", {}, ...row.map((textContent) => dom.make("td", { textContent }))),
    );
    event.clipboardData.setData("text/html", dom.make("table", {}, ...made).outerHTML);
    event.preventDefault();
  });

  /**
   * The rows that a selection within one long table is in; none where it stays within one cell.
   * @param {Selection | null} selection
   * @returns {HTMLTableRowElement[]}
   */
  function selectedRows(selection) {
    if (!selection || selection.isCollapsed) return [];
    const within = selection.getRangeAt(0).commonAncestorContainer;
    const element = within instanceof Element ? within : within.parentElement;
    const table = element && !element.closest("td, th") && element.closest(".table");
    if (!table) return [];
    const rows = [...table.querySelectorAll("tr")];
    return rows.filter((row) => row.checkVisibility() && selection.containsNode(row, true));
  }

  /**
   * Pasted into a spreadsheet, no cell may run either.
   * @param {HTMLTableRowElement} row
   */
  const cells = (row) =>
    [...row.cells].map((cell) =>
      csv.neutralize((cell.textContent || "").replace(/[\t\r\n]/g, " ")),
    );
})();
