// The way to another conversation: whichever was asked for last is shown, and one opened by a key goes on at its box.
// Rows and results ask by their hx-get; both they and openThread stand in one line at #lista (hx-sync).

import { byId, shownThread } from './page.js';

let byKey = false; // a click of the mouse moves no focus
let leaving; // the request of a row that was chosen and is not here yet

export const openThread = (url) => htmx.ajax('GET', url, { source: '#lista', target: '#hilo', swap: 'outerHTML' });

// The thread shown, once more; not for somebody who has left it meanwhile.
export function openAgain(thread, url = location.pathname + location.search) {
  if (!leaving && shownThread() === thread) openThread(url);
}

export function focusOpened() {
  if (byKey && shownThread()) (byId('composer')?.elements.text ?? byId('hilo')).focus();
  byKey = false;
}

document.addEventListener('click', (event) => {
  if (event.target.closest('a.conv')) byKey = event.detail === 0;
}, true);
document.addEventListener('htmx:before:request', ({ detail }) => {
  if (detail.ctx.sourceElement.matches('a.conv')) leaving = detail.ctx;
});
document.addEventListener('htmx:finally:request', ({ detail }) => {
  if (detail.ctx === leaving) leaving = undefined;
});
