// The staff's pages work without this. It jumps to the search with "/" and keeps a command's button shut until
// the Client's name is typed where one is asked for, and while a form is under way. Every check is made again by the server.

const plain = (text) => text.normalize("NFC").split(/\s+/u).filter(Boolean).join(" ");

document.addEventListener("keydown", (event) => {
  const isTyping = event.target.closest("input, textarea, select, [contenteditable]");
  if (event.key !== "/" || isTyping || event.ctrlKey || event.metaKey || event.altKey) return;
  const search = document.querySelector("[data-slash]");
  if (search && search.checkVisibility()) {
    event.preventDefault();
    search.focus();
  }
});

for (const form of document.querySelectorAll("form[data-command]")) {
  const name = form.querySelector("[data-expected]");
  const go = form.querySelector("[data-go]");
  const wait = form.querySelector("[data-wait]");
  const complaint = form.querySelector("[data-complaint]");
  const wanted = name ? plain(name.dataset.expected) : "";
  let isSent = false;

  const judge = () => {
    const fits = !name || plain(name.value) === wanted;
    go.disabled = isSent || !fits;
    wait.hidden = fits || !complaint.hidden;
    if (fits && name?.getAttribute("aria-invalid")) {
      name.removeAttribute("aria-invalid");
      document.getElementById(`e-${name.name}`)?.setAttribute("hidden", "");
      if (!form.querySelector("[aria-invalid]")) complaint.hidden = true;
    }
  };
  name?.addEventListener("input", judge);
  form.addEventListener("submit", () => {
    isSent = true;
    queueMicrotask(judge);
  });
  // Back from the next page, the browser may show this one as it was left.
  addEventListener("pageshow", () => {
    isSent = false;
    judge();
  });
  judge();
}
