// What the pages need of the browser beside Dash: the theme, filters as addresses, chart or table, copying the address.
(() => {
  const dark = matchMedia("(prefers-color-scheme: dark)");
  const theme = () => document.documentElement.dataset.theme || (dark.matches ? "dark" : "light");
  window.dash_clientside = Object.assign({}, window.dash_clientside, { konectus: { theme } });
  const tell = () => window.dash_clientside.set_props("theme", { data: theme() });
  dark.addEventListener("change", tell);
  new MutationObserver(tell).observe(document.documentElement, { attributeFilter: ["data-theme"] });

  // Another month begins with the comparison that suits it; the address says what is shown.
  const go = (chosen) => {
    const form = chosen.closest("form");
    const wanted = new URLSearchParams();
    const names = chosen.dataset.filter === "period" ? ["period"] : ["period", "versus"];
    for (const name of names) wanted.set(name, form.querySelector(`[data-filter="${name}"]`).value);
    history.pushState({}, "", `?${wanted}`);
    dispatchEvent(new CustomEvent("_dashprivate_pushstate"));
  };
  const follow = () => {
    const link = document.querySelector("[data-download]");
    if (link) link.search = location.search;
  };
  addEventListener("_dashprivate_pushstate", follow);
  addEventListener("popstate", follow);
  addEventListener("change", (event) => { if (event.target.dataset.filter) go(event.target); });

  const show = (button) => {
    for (const other of button.parentElement.children) other.setAttribute("aria-pressed", String(other === button));
    for (const view of button.closest(".card").querySelectorAll("[data-as]")) view.hidden = view.dataset.as !== button.dataset.view;
  };
  const copy = async (button) => {
    const page = document.querySelector("[data-permalink]");
    await navigator.clipboard.writeText(new URL(page ? page.dataset.permalink : "", location.href).href);
    const words = button.lastElementChild;
    const before = words.textContent;
    words.textContent = button.dataset.copy;
    setTimeout(() => { words.textContent = before; }, 2000);
  };
  addEventListener("click", (event) => {
    const button = event.target.closest("button");
    if (button?.dataset.view) show(button);
    if (button?.dataset.copy) copy(button);
  });
})();
