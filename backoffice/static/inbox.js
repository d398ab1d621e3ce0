// The inbox where htmx ends: what the stream, the keyboard and the network tell is handed to the parts in inbox/.

import { byId, parsed, session, shownThread, spare } from './inbox/page.js';
import { markOpen, markRead, oneLineADay, placeEarly, placeNodes, placeRow, placeRows } from './inbox/live.js';
import { composerShown, forgetDrafts, refreshComposer, saveDrafts, typed } from './inbox/composer.js';
import { hasFiles } from './inbox/files.js';
import { act, forgetWaiting, isSending, sendAgain, sendForm } from './inbox/sending.js';
import { focusOpened } from './inbox/opening.js';
import { showSought } from './inbox/seek.js';
import { changedSomewhere } from './inbox/older.js';

const isBusy = () => isSending() || hasFiles();

function submitted(event) {
  if (event.target.dataset.act !== undefined) act(event, offline);
  else if (event.target.id === 'composer') {
    event.preventDefault();
    sendForm(event.target);
  }
}

function typing(event) {
  if (event.target.id === 'text' && event.target.form?.id === 'composer') typed(event.target.form);
}

function pressed(event) {
  if (event.target.id === 'text' && event.key === 'Enter' && !event.shiftKey && !event.isComposing) {
    event.preventDefault();
    event.target.form.requestSubmit();
  } else if (event.target.id === 'text' && event.key === 'Escape') byId(`c-${shownThread()}`)?.focus();
}

// The network: one band says it is away, and goes when it is back.
function offline() {
  if (!byId('offline') && !session.ended) byId('bands').append(spare('spare-offline'));
}

// A stream that opens just as the network goes says nothing about what comes after it.
function online() {
  if (!navigator.onLine) return;
  byId('offline')?.remove();
  sendAgain();
  saveDrafts();
}

function streamFailed(event) {
  if (session.ended) return;
  if (event.detail.status >= 400 && event.detail.status < 500) leave();
  else offline();
}

// Files that were chosen live in this page alone: it is not loaded again under them.
function leave() {
  if (isBusy()) {
    setTimeout(leave, 1000);
    return;
  }
  saveDrafts();
  session.leaving = true;
  location.reload();
}

// The Client's access has ended: the page says so and nothing can be written any more.
function bye(html) {
  session.ended = true;
  forgetWaiting();
  forgetDrafts();
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
  rows: placeRows,
  gone: (id) => byId(`c-${id}`)?.remove(),
  node: (html) => { placeNodes(html); changedSomewhere(); },
  side: (html) => { byId('side').replaceWith(...parsed(html)); },
  box: (id) => { if (byId('composer')?.dataset.conversation === id) refreshComposer(); },
  reload: leave,
  bye,
};

for (const [name, effect] of Object.entries(events)) {
  document.addEventListener(name, (event) => {
    if (event.target.id === 'rows' && event.detail?.data !== undefined) effect(event.detail.data);
  });
}

function swapped() {
  placeEarly();
  oneLineADay();
  markOpen();
  composerShown();
  showSought();
  markRead();
  focusOpened();
}

document.addEventListener('submit', submitted);
document.addEventListener('input', typing);
document.addEventListener('keydown', pressed);
document.addEventListener('htmx:before:request', saveDrafts);
document.addEventListener('htmx:after:swap', swapped);
document.addEventListener('htmx:sse:after:connection', online);
document.addEventListener('htmx:sse:error', streamFailed);
document.addEventListener('visibilitychange', () => { if (document.hidden) saveDrafts(); else markRead(); });
document.addEventListener('click', (event) => {
  for (const open of document.querySelectorAll('details.drop[open], details.ask[open]')) if (!open.contains(event.target)) open.open = false;
});
window.addEventListener('beforeunload', (event) => { if (isBusy() && !session.ended && !session.leaving) event.preventDefault(); });
window.addEventListener('pagehide', saveDrafts);
window.addEventListener('offline', offline);
window.addEventListener('online', online);
swapped();
