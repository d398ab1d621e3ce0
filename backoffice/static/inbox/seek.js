// Looking for something: the field over the list, and the way from a quote or a result to the message itself.

import { byId, parsed, spare } from './page.js';
import { openThread } from './opening.js';
import { markOpen } from './live.js';

const AFTER_MS = 250;
const FLASH_MS = 2500;
let timer;
let asked = 0;
let flashed;

async function seek() {
  clearTimeout(timer);
  const form = byId('seek');
  const words = form.elements.words.value.trim();
  const number = ++asked;
  if (!words) {
    byId('found').replaceChildren();
    return;
  }
  const request = { method: 'POST', body: new URLSearchParams({ words }), headers: { 'HX-Request': 'true' } };
  const answer = await fetch(form.action, request).catch(() => null);
  const html = answer?.ok ? await answer.text() : '';
  if (number !== asked) return; // a newer question is under way
  byId('found').replaceChildren(...(html ? parsed(html) : [spare('spare-not-searched')]));
  htmx.process(byId('found'));
  markOpen();
}

function clear() {
  byId('seek').elements.words.value = '';
  seek();
}

// The stream may have told the message anew meanwhile: the outline went over to another node.
function unflash() {
  for (const element of document.querySelectorAll('.sought')) element.classList.remove('sought');
}

function flash(element) {
  element.scrollIntoView({ block: 'center' });
  clearTimeout(flashed);
  unflash();
  element.classList.add('sought');
  flashed = setTimeout(unflash, FLASH_MS);
}

const message = (id) => document.querySelector(`.turns [data-message="${CSS.escape(id)}"]`);

// A thread that was opened at a message shows it, wherever the thread ends.
export function showSought() {
  const thread = byId('hilo');
  const found = thread?.dataset.sought && message(thread.dataset.sought);
  if (!found) return;
  delete thread.dataset.sought;
  flash(found);
}

document.addEventListener('click', (event) => {
  const link = event.target.closest('a[data-jump]');
  if (!link || event.ctrlKey || event.metaKey) return;
  event.preventDefault();
  const found = message(link.dataset.jump);
  if (found) flash(found);
  else openThread(link.getAttribute('href'));
});
document.addEventListener('input', (event) => {
  if (event.target.id !== 'words') return;
  clearTimeout(timer);
  timer = setTimeout(seek, AFTER_MS);
});
document.addEventListener('submit', (event) => {
  if (event.target.id !== 'seek') return;
  event.preventDefault();
  seek();
});
document.addEventListener('keydown', (event) => {
  const isTyping = event.target.closest('input, textarea, select');
  if (event.key === '/' && !isTyping && !event.ctrlKey && !event.metaKey && !event.altKey) {
    event.preventDefault();
    byId('words').focus();
  } else if (event.key === 'Escape' && event.target.id === 'words') clear();
  else if (event.key === 'ArrowDown' && event.target.id === 'words') byId('found').querySelector('a')?.focus();
});
