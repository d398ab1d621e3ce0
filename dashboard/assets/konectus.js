// What the pages need of the browser beside Dash: the theme, filters as addresses, chart or table, a chart as a picture, copying the address, a ticket that ran out.
(() => {
  const dark = matchMedia("(prefers-color-scheme: dark)");
  const theme = () => document.documentElement.dataset.theme || (dark.matches ? "dark" : "light");
  window.dash_clientside = Object.assign({}, window.dash_clientside, { konectus: { theme } });
  const tell = () => window.dash_clientside.set_props("theme", { data: theme() });
  dark.addEventListener("change", tell);
  new MutationObserver(tell).observe(document.documentElement, { attributeFilter: ["data-theme"] });

  // Whose ticket or session is over loads the page anew, which leads to a new one and back; once, until something answers.
  const fetched = window.fetch;
  let answered = performance.getEntriesByType("navigation")[0]?.type !== "reload";
  window.fetch = async (...call) => {
    const answer = await fetched(...call);
    if (answer.ok) answered = true;
    if (answer.status === 401 && answered) {
      answered = false;
      location.reload();
    }
    return answer;
  };

  // Another period begins with the comparison that suits it, another length with its newest; the address says what is shown.
  const kept = { grain: ["grain"], period: ["grain", "period"] };
  let left = "";
  const go = (chosen) => {
    left = chosen.id;
    const form = chosen.closest("form");
    const wanted = new URLSearchParams();
    const names = kept[chosen.dataset.filter];
    for (const field of form.querySelectorAll("[data-filter]")) {
      if (field.value && (!names || names.includes(field.dataset.filter))) wanted.set(field.dataset.filter, field.value);
    }
    history.pushState({}, "", `?${wanted}`);
    dispatchEvent(new CustomEvent("_dashprivate_pushstate"));
  };
  // The field that was chosen from is made anew with the page: who chose by keyboard goes on from there.
  new MutationObserver(() => {
    const on = document.activeElement;
    if (!left || on?.id === left) return;
    if (on === document.body) document.getElementById(left)?.focus();
    if (document.activeElement !== document.body) left = "";
  }).observe(document.documentElement, { childList: true, subtree: true });
  const follow = () => {
    const link = document.querySelector("[data-download]");
    if (link) link.search = location.search || link.dataset.download;
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
  // The chart with its title, legend and release, drawn by Plotly on this machine. The card says what stands beside it.
  const picture = async (button) => {
    const drawn = document.getElementById(button.dataset.png)?.querySelector(".js-plotly-plot");
    if (!drawn) return;
    const card = button.closest(".card");
    const paper = getComputedStyle(card).backgroundColor;
    const said = { x: 1, y: 0, xref: "paper", yref: "paper", xanchor: "right", yanchor: "top", yshift: -32, showarrow: false };
    const words = [...card.querySelectorAll(".body > p, .legend .hid")].map((one) => one.textContent);
    const layout = {
      ...drawn.layout, paper_bgcolor: paper, plot_bgcolor: paper, showlegend: true,
      margin: { l: 48, r: 24, t: 112, b: 64 },
      legend: { orientation: "h", x: 0, y: 1.02, yanchor: "bottom" },
      title: { text: card.querySelector("h2").textContent, subtitle: { text: words.join(" · ") }, x: 0, xref: "paper", y: 0.95, yref: "container" },
      annotations: [...(drawn.layout.annotations ?? []), { ...said, text: button.dataset.name.replace(".png", "") }],
    };
    const data = drawn.data.map((trace) => ({ ...trace, showlegend: Boolean(trace.name) }));
    const link = document.createElement("a");
    const size = { format: "png", width: Math.max(drawn.clientWidth, 900), height: 480, scale: 2 };
    link.href = await window.Plotly.toImage({ data, layout, config: { locale: drawn._context.locale } }, size);
    link.download = button.dataset.name;
    link.click();
  };
  // What is saved is the permalink: it shows the same again also when newer periods exist.
  const keep = (link) => {
    const page = document.querySelector("[data-permalink]");
    if (page) link.search = new URLSearchParams({ path: link.dataset.save, query: page.dataset.permalink });
  };
  addEventListener("click", (event) => {
    const link = event.target.closest("a[data-save]");
    if (link) keep(link);
    const button = event.target.closest("button");
    if (button?.dataset.view) show(button);
    if (button?.dataset.copy) copy(button);
    if (button?.dataset.png) picture(button);
  });
})();
