// What changes in messages older than the newest page, which is all that the stream tells: the page that is being looked
// at is read once more.

import { byId, parsed, session, shownThread } from './page.js';
import { isSame } from './instead.js';
import { placeNode } from './live.js';

const AFTER_MS = 400;
const PAGE = 50; // messages in a page of the server, and how many of the end the stream tells
let stale = null; // the thread in which something happened since it was opened
let timer;

const nodes = (all) => [...all].filter((one) => one.dataset.message);
const messages = (all) => all.reduce((sum, one) => sum + (one.dataset.holds?.split(' ').length ?? 1), 0);
const reply = (one) => one?.id.match(/^r-(.*)-\d+$/)?.[1]; // parts of one reply are told together

// The place just before a message, as the server writes places.
const before = (one) => `${one.dataset.key.slice(0, 26).replace(/[-:]/g, '')}_00000000-0000-0000-0000-000000000000`;

function firstSeen(all) {
  const { top } = byId('hilo').querySelector('.scroll').getBoundingClientRect();
  let place = all.findIndex((one) => one.getBoundingClientRect().bottom > top);
  while (place > 0 && reply(all[place]) && reply(all[place]) === reply(all[place - 1])) place -= 1;
  return place;
}

// The last thing of a page that is not the end may go on after it: an album, or parts of a reply.
function whole(all) {
  const read = nodes(all);
  const last = read.at(-1);
  if (!all.some((one) => one.id === 'later')) return read;
  return read.filter((one) => one !== last && (!reply(last) || reply(one) !== reply(last)));
}

async function readAgain() {
  const thread = shownThread();
  const box = byId(`turns-${thread}`);
  if (!box || stale !== thread || session.ended) return;
  const all = nodes(box.children);
  const place = firstSeen(all);
  if (place < 0 || (!byId('later') && messages(all.slice(place)) <= PAGE)) return;
  const url = `/inbox/c/${thread}/later?after=${before(all[place])}`;
  const answer = await fetch(url, { headers: { 'HX-Request': 'true' } }).catch(() => null);
  if (!answer?.ok || shownThread() !== thread) return;
  for (const element of whole(parsed(await answer.text()))) {
    const former = byId(element.id);
    if (former && !isSame(former, element)) placeNode(box, element);
  }
}

function soon() {
  clearTimeout(timer);
  timer = setTimeout(readAgain, AFTER_MS);
}

export function changedSomewhere() {
  stale = shownThread();
  soon();
}

document.addEventListener('scrollend', (event) => { if (stale && event.target.closest?.('#hilo')) soon(); }, true);
