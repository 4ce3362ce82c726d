// @ts-check
/* Gradio's dropdowns open their list when they get the focus, and leave it open when the Tab key
 * leads on: Escape, which they know, is sent first.
 */

(() => {
  // Where keys follow one another quickly, the list opens only after the focus has gone.
  const AFTERWARDS = 200;

  /** @param {Element} box */
  const close = (box) =>
    box.dispatchEvent(new KeyboardEvent("keydown", { key: "Escape", bubbles: true }));

  document.addEventListener(
    "keydown",
    ({ key, target }) => {
      if (key !== "Tab" || !(target instanceof Element)) return;
      if (!target.matches("[role=combobox]")) return;
      close(target);
      setTimeout(() => {
        if (document.activeElement !== target && target.ariaExpanded === "true") close(target);
      }, AFTERWARDS);
    },
    true,
  );
})();
