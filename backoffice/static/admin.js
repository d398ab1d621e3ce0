// The staff's pages work without this. It jumps to the search with "/" and keeps a command's button shut until
// the Client's name is typed where one is asked for, and while a form is under way. Every check is made again by the server.

const unseen = /(?!\s)\p{C}/gu; // as names.py: controls and marks of direction cannot be typed
const plain = (text) => text.normalize("NFC").replace(unseen, "").split(/\s+/u).filter(Boolean).join(" ");

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

// What the rehearsal depends on was changed: it is shown anew beside what is typed, without a click. Where this does
// not come through, the button rehearses again before it acts.
for (const form of document.querySelectorAll("form[data-weighs]")) {
  let asked = 0;
  form.querySelector(".inputs")?.addEventListener("change", async () => {
    const mine = ++asked;
    const typed = new URLSearchParams(new FormData(form));
    typed.set("look", "1");
    typed.delete("code");
    const answer = await fetch(location.href, { method: "POST", body: typed }).catch(() => null);
    if (mine !== asked || ![200, 422].includes(answer?.status)) return;
    const page = new DOMParser().parseFromString(await answer.text(), "text/html");
    const fresh = page.querySelector("form[data-weighs]");
    if (!fresh || mine !== asked || fresh.elements.seen.value !== form.elements.seen.value) return;
    const shown = form.querySelectorAll("[data-rehearsed]");
    fresh.querySelectorAll("[data-rehearsed]").forEach((part, place) => shown[place]?.replaceChildren(...part.childNodes));
    form.querySelector("[data-go]").textContent = fresh.querySelector("[data-go]").textContent;
    const [was, is] = [form, fresh].map((one) => one.querySelector("[data-complaint]"));
    was.hidden = is.hidden;
    was.replaceChildren(...is.childNodes);
    if (answer.status === 200) form.elements.weighed.value = fresh.elements.weighed.value;
  });
}
