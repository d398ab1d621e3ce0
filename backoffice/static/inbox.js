// The inbox where htmx ends: live nodes in their order, bubbles ahead of the server, drafts, the network's moods.
// What people wrote enters the page as text, or as HTML the server escaped; nothing here builds HTML from strings.

const RETRY_MS = [1000, 2000, 5000, 10000, 30000];
const DRAFT_AFTER_MS = 1200;
const encoder = new TextEncoder();
const counted = {
  characters: (text) => [...text].length,
  bytes: (text) => encoder.encode(text).length,
  units: (text) => text.length,
};
const waiting = new Map(); // reply id -> what was sent and not yet answered by the server
const unsaved = new Map(); // conversation -> the text of a draft the server does not have yet
let attempt = 0;
let ended = false;

const byId = (id) => document.getElementById(id);
const spare = (id) => byId(id).content.firstElementChild.cloneNode(true);
const post = (url, fields = {}, options = {}) =>
  fetch(url, { method: 'POST', body: new URLSearchParams(fields), headers: { 'HX-Request': 'true' }, ...options });

function parsed(html) {
  const template = document.createElement('template');
  template.innerHTML = html;
  return [...template.content.children];
}

// A part of the thread or of the list takes the place of its former self, or stands where its key belongs.
function place(box, element, comesBefore) {
  const former = byId(element.id);
  if (former && former.dataset.key === element.dataset.key && former.dataset.at === element.dataset.at) former.replaceWith(element);
  else {
    former?.remove();
    box.insertBefore(element, [...box.children].find((other) => comesBefore(element, other)) ?? null);
  }
  htmx.process(element);
}

const earlier = (a, b) => b.dataset.key !== undefined && a.dataset.key < b.dataset.key;
const later = (a, b) => b.id === 'more' || (b.dataset.at !== undefined && a.dataset.at > b.dataset.at);

// What came for a thread that is still on its way here. The server has told it and will not tell it again.
let early = [];
function placeEarly() {
  const held = early;
  early = [];
  for (const element of held) {
    const box = byId(`turns-${element.dataset.in}`);
    if (box) place(box, element, earlier);
  }
}

function placeNodes(html) {
  for (const element of parsed(html)) {
    const box = byId(`turns-${element.dataset.in}`);
    const former = byId(element.id);
    if (!box && element.dataset.in) early.push(element);
    else if (box && !(element.classList.contains('day') && former)) place(box, element, earlier);
    else if (!element.dataset.in && former) {
      former.replaceWith(element);
      htmx.process(element);
    }
  }
}

function placeRow(html) {
  const box = byId('rows');
  for (const element of parsed(html)) {
    const last = [...box.querySelectorAll('.conv')].at(-1);
    const isBeyond = byId('more') && last && element.dataset.at < last.dataset.at && !byId(element.id);
    if (!isBeyond) place(box, element, later);
  }
  markOpen();
  markRead();
}

function markOpen() {
  const open = byId('hilo')?.dataset.open;
  for (const row of document.querySelectorAll('.conv')) {
    if (row.id === `c-${open}`) row.setAttribute('aria-current', 'true');
    else row.removeAttribute('aria-current');
  }
}

// Reading is a POST, so that a prefetch or a reload reads nothing.
function markRead() {
  const open = byId('hilo')?.dataset.open;
  const isUnread = byId(`c-${open}`)?.classList.contains('unread');
  if (isUnread && !document.hidden && !ended) post(`/inbox/c/${open}/read`).catch(() => {});
}

// Sending: the id is made before the first try, so however often it arrives it is one reply.
function newId() {
  const time = Date.now().toString(16).padStart(12, '0');
  return `${time.slice(0, 8)}-${time.slice(8)}-7${crypto.randomUUID().slice(15)}`;
}

function submitted(event) {
  const form = event.target;
  if (form.dataset.act !== undefined) return act(event);
  if (form.id !== 'composer') return undefined;
  event.preventDefault();
  const text = form.elements.text.value;
  if (!text.trim() || ended || count(form) > Number(form.dataset.limit)) return undefined;
  const id = form.elements.reply_id.value;
  const { conversation } = form.dataset;
  showEarly(id, conversation, text);
  waiting.set(id, { url: form.action, conversation, text });
  form.elements.text.value = '';
  form.elements.reply_id.value = newId();
  unsaved.delete(conversation);
  showCount(form);
  return send(id);
}

function showEarly(id, conversation, text) {
  const bubble = spare('spare-sending');
  bubble.id = `r-${id}-0`;
  bubble.dataset.key = '~';
  bubble.querySelector('.said').textContent = text;
  byId(`turns-${conversation}`).append(bubble);
}

async function send(id) {
  const reply = waiting.get(id);
  if (!reply || reply.isUnderWay) return;
  reply.isUnderWay = true;
  await draftsSaved; // a draft that arrives after its reply would come back as one
  const answer = await post(reply.url, { reply_id: id, text: reply.text }).catch(() => null);
  reply.isUnderWay = false;
  if (!answer || answer.status >= 500) {
    waitForConnection(id);
    return;
  }
  waiting.delete(id);
  attempt = 0;
  const html = await answer.text();
  if (!answer.ok) refused(id, reply, html);
  else if (byId(`r-${id}-0`)?.dataset.key === '~') placeNodes(html); // else the stream was faster and knows better
}

function waitForConnection(id) {
  byId(`r-${id}-0`)?.querySelector('.st')?.replaceWith(spare('spare-waiting'));
  setTimeout(() => send(id), RETRY_MS[Math.min(attempt++, RETRY_MS.length - 1)]);
}

function refused(id, reply, html) {
  byId(`r-${id}-0`)?.remove();
  const form = byId('composer');
  if (form?.dataset.conversation === reply.conversation && form.elements.text && !form.elements.text.value) {
    form.elements.text.value = reply.text;
    typed(form);
  }
  byId('notices').replaceChildren(...parsed(html));
  refreshComposer();
}

async function act(event) {
  event.preventDefault();
  const form = event.target;
  const fields = new FormData(form, event.submitter);
  const answer = await post(form.action, fields).catch(() => null);
  if (!answer) offline();
  else if (answer.ok) htmx.ajax('GET', location.pathname + location.search, { target: '#hilo', swap: 'outerHTML' });
  else byId('notices').replaceChildren(...parsed(await answer.text()));
}

// The composer: counted as the channel counts, kept as a draft, shut when the window shuts.
const count = (form) => counted[form.dataset.counts](form.elements.text.value);

function showCount(form) {
  const limit = form.querySelector('.limit');
  limit.textContent = `${count(form)} / ${form.dataset.limit}`;
  limit.classList.toggle('tone-danger', count(form) > Number(form.dataset.limit));
}

let draftTimer;
let draftsSaved = Promise.resolve();
function typed(form) {
  showCount(form);
  unsaved.set(form.dataset.conversation, form.elements.text.value);
  clearTimeout(draftTimer);
  draftTimer = setTimeout(saveDrafts, DRAFT_AFTER_MS);
}

function saveDrafts() {
  for (const [conversation, text] of unsaved) {
    unsaved.delete(conversation);
    const saved = post(`/inbox/c/${conversation}/draft`, { text }, { keepalive: text.length < 15000 }).catch(() => {
      if (!unsaved.has(conversation)) unsaved.set(conversation, text);
    });
    draftsSaved = Promise.all([draftsSaved, saved]);
  }
}

let shutTimer;
function composerShown() {
  const form = byId('composer');
  clearTimeout(shutTimer);
  if (form?.elements.text) showCount(form);
  const left = Number(form?.dataset.refreshIn) * 1000; // the server's distance: its clock may not be ours
  if (left > 0 && left < 2 ** 31) shutTimer = setTimeout(refreshComposer, left + 500);
}

// Only what the window decides changes under an agent's hands; the text, the cursor and the focus stay.
async function refreshComposer() {
  const former = byId('composer');
  if (!former || ended) return;
  const answer = await fetch(former.dataset.refresh, { headers: { 'HX-Request': 'true' } }).catch(() => null);
  if (!answer?.ok || byId('composer') !== former) return;
  const [form] = parsed(await answer.text());
  if (former.elements.text && form.elements.text) {
    for (const part of ['.bar', '.tools .btn', '.note-line']) former.querySelector(part).replaceWith(form.querySelector(part));
    Object.assign(former.dataset, form.dataset);
  } else former.replaceWith(form);
  composerShown();
}

function typing(event) {
  if (event.target.form?.id === 'composer') typed(event.target.form);
}

function pressed(event) {
  if (event.target.id === 'text' && event.key === 'Enter' && !event.shiftKey && !event.isComposing) {
    event.preventDefault();
    event.target.form.requestSubmit();
  }
}

// The network: one band says it is away, and goes when it is back.
function offline() {
  if (!byId('offline') && !ended) byId('bands').append(spare('spare-offline'));
}

function online() {
  byId('offline')?.remove();
  attempt = 0;
  for (const id of waiting.keys()) send(id);
  saveDrafts();
}

function streamFailed(event) {
  if (ended) return;
  if (event.detail.status >= 400 && event.detail.status < 500) location.reload();
  else offline();
}

// The Client's access has ended: the page says so and nothing can be written any more.
function bye(html) {
  ended = true;
  waiting.clear();
  unsaved.clear();
  const room = document.createElement('div');
  room.className = 'blank';
  room.append(...parsed(html));
  byId('hilo').replaceChildren(room);
  byId('hilo').dataset.open = 'bye';
  byId('contacto')?.replaceChildren();
  byId('lista').querySelector('.scroll').replaceChildren();
  byId('lista').inert = true;
  for (const count of document.querySelectorAll('#side .n')) count.remove();
  byId('hilo').focus();
}

const events = {
  row: placeRow,
  gone: (id) => byId(`c-${id}`)?.remove(),
  node: placeNodes,
  side: (html) => { byId('side').replaceWith(...parsed(html)); },
  box: (id) => { if (byId('composer')?.dataset.conversation === id) refreshComposer(); },
  reload: () => { saveDrafts(); location.reload(); },
  bye,
};

for (const [name, effect] of Object.entries(events)) {
  document.addEventListener(name, (event) => {
    if (event.target.id === 'rows' && event.detail?.data !== undefined) effect(event.detail.data);
  });
}
document.addEventListener('submit', submitted);
document.addEventListener('input', typing);
document.addEventListener('keydown', pressed);
document.addEventListener('htmx:before:request', saveDrafts);
document.addEventListener('htmx:after:swap', () => { placeEarly(); markOpen(); composerShown(); markRead(); });
document.addEventListener('htmx:sse:after:connection', online);
document.addEventListener('htmx:sse:error', streamFailed);
document.addEventListener('visibilitychange', () => { if (document.hidden) saveDrafts(); else markRead(); });
document.addEventListener('click', (event) => {
  for (const open of document.querySelectorAll('details.drop[open]')) if (!open.contains(event.target)) open.open = false;
});
window.addEventListener('pagehide', saveDrafts);
window.addEventListener('offline', offline);
window.addEventListener('online', online);
markOpen();
composerShown();
markRead();
