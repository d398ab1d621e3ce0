// Live nodes in their order: a bubble, an album or a row takes the place of its former self, or stands where its key
// belongs.

import { byId, parsed, post, session, shownThread } from './page.js';
import { openAgain } from './opening.js';
import { instead, isSame } from './instead.js';

const earlier = (a, b) => b.dataset.key !== undefined && a.dataset.key < b.dataset.key;
const later = (a, b) => b.id === 'more' || (b.dataset.at !== undefined && a.dataset.at > b.dataset.at);
const loadedWith = shownThread();

function place(box, element, comesBefore) {
  const former = byId(element.id);
  instead(former, element, () => {
    if (former && former.dataset.key === element.dataset.key && former.dataset.at === element.dataset.at) former.replaceWith(element);
    else {
      former?.remove();
      box.insertBefore(element, [...box.children].find((other) => comesBefore(element, other)) ?? null);
    }
  });
  htmx.process(element);
}

// An album stands for several messages: none of them may stand beside it, nor a former album that held one of them.
function clearHeld(box, element) {
  for (const id of (element.dataset.holds ?? element.id).split(' ')) {
    for (const other of box.querySelectorAll(`[id="${CSS.escape(id)}"], [data-holds~="${CSS.escape(id)}"]`)) {
      if (other.id !== element.id) other.remove();
    }
  }
}

// In a thread that was opened at an old message the end is not here yet; what is new comes with its page.
function isBeyond(box, element) {
  if (!byId('later') || byId(element.id)) return false;
  const last = [...box.children].filter((one) => one.dataset.key !== undefined).at(-1);
  return last !== undefined && element.dataset.key > last.dataset.key;
}

// What came for a thread that is still on its way here. The server has told it and will not tell it again.
let early = [];
export function placeEarly() {
  const held = early;
  early = [];
  for (const element of held) {
    const box = byId(`turns-${element.dataset.in}`);
    if (box) placeNode(box, element);
  }
}

export function placeNode(box, element) {
  if (element.classList.contains('day') && byId(element.id)) return;
  if (isBeyond(box, element)) return;
  clearHeld(box, element);
  place(box, element, earlier);
}

export function placeNodes(html) {
  for (const element of parsed(html)) {
    const box = byId(`turns-${element.dataset.in}`);
    const former = byId(element.id);
    if (!box && element.dataset.in) early.push(element);
    else if (box) placeNode(box, element);
    else if (former && !isSame(former, element)) {
      instead(former, element, () => former.replaceWith(element));
      htmx.process(element);
    }
  }
}

// A day's line is on every page of a thread that has something of that day.
export function oneLineADay() {
  const seen = new Set();
  for (const line of document.querySelectorAll('.turns > .day')) {
    if (seen.has(line.id)) line.remove();
    seen.add(line.id);
  }
}

export function placeRow(html) {
  const box = byId('rows');
  for (const element of parsed(html)) {
    const last = [...box.querySelectorAll('.conv')].at(-1);
    const isFar = byId('more') && last && element.dataset.at < last.dataset.at && !byId(element.id);
    if (!isFar) place(box, element, later);
  }
  markOpen();
  markRead();
}

// Another process serves the stream now and told everything anew; it may not know where this page has turned to.
export function placeRows(html) {
  const box = byId('rows');
  const held = box.contains(document.activeElement) && document.activeElement.id;
  box.replaceChildren(...parsed(html));
  if (held) byId(held)?.focus({ preventScroll: true });
  htmx.process(box);
  markOpen();
  const open = shownThread();
  if (open && open !== loadedWith && !byId('later')) openAgain(open);
}

export function markOpen() {
  const open = shownThread();
  for (const row of document.querySelectorAll('.conv')) {
    if (row.id === `c-${open}`) row.setAttribute('aria-current', 'true');
    else row.removeAttribute('aria-current');
  }
}

// Reading is a POST, so that a prefetch or a reload reads nothing.
export function markRead() {
  const open = shownThread();
  const isUnread = byId(`c-${open}`)?.classList.contains('unread');
  if (isUnread && !document.hidden && !session.ended) post(`/inbox/c/${open}/read`).catch(() => {});
}
