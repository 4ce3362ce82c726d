// @ts-check
/* The reader's own choice of theme, over the system's that Gradio follows. */

const theme = (() => {
  const STORE = "ner-theme";

  function apply() {
    const chosen = localStorage.getItem(STORE);
    if (chosen) document.body.classList.toggle("dark", chosen === "dark");
  }

  const current = () => (document.body.classList.contains("dark") ? "dark" : "light");

  document.addEventListener("click", (event) => {
    if (!dom.closest(event, "[data-do=theme]")) return;
    document.body.classList.toggle("dark");
    localStorage.setItem(STORE, current());
  });

  return { apply, current };
})();
