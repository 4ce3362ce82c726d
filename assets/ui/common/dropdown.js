// @ts-check
/* Gradio's dropdowns open their list when they get the focus, and leave it open when the Tab key
 * leads on: Escape, which they know, is sent first.
 */

document.addEventListener(
  "keydown",
  ({ key, target }) => {
    if (key !== "Tab" || !(target instanceof Element)) return;
    if (!target.matches("[role=combobox][aria-expanded=true]")) return;
    target.dispatchEvent(new KeyboardEvent("keydown", { key: "Escape", bubbles: true }));
  },
  true,
);
