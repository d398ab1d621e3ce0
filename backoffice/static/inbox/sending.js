// Sending: the id is made before the first try, so however often it arrives it is one reply. Nothing is lost on a refusal.

import { byId, post, session, showNotice, shownThread, spare, upload } from './page.js';
import { openAgain } from './opening.js';
import { placeNodes } from './live.js';
import { forgetDraft, isTooLong, refreshComposer, saveDrafts, showCount, typed, whenSaved } from './composer.js';
import { giveBack, refusedFile, takeFiles } from './files.js';

const RETRY_MS = [1000, 2000, 5000, 10000, 30000];
const waiting = new Map(); // reply id -> what was sent and not yet answered by the server
let attempt = 0;

export const isSending = () => waiting.size > 0;
export const forgetWaiting = () => waiting.clear();

function newId() {
  const time = Date.now().toString(16).padStart(12, '0');
  return `${time.slice(0, 8)}-${time.slice(8)}-7${crypto.randomUUID().slice(15)}`;
}

export function sendForm(form) {
  const text = form.elements.text.value;
  const isRefused = refusedFile(form) >= 0;
  if (isRefused) byId('chosen').querySelector('.refused button')?.focus();
  if (isRefused || session.ended || isTooLong(form)) return;
  const files = takeFiles(form);
  if (!text.trim() && !files.length) return;
  const id = form.elements.reply_id.value;
  const { conversation } = form.dataset;
  showEarly(id, conversation, text, files);
  waiting.set(id, { url: form.action, conversation, text, files });
  form.elements.text.value = '';
  form.elements.reply_id.value = newId();
  forgetDraft(conversation);
  showCount(form);
  send(id);
}

function showEarly(id, conversation, text, files) {
  const bubble = spare('spare-sending');
  bubble.id = `r-${id}-0`;
  bubble.dataset.key = '~';
  bubble.querySelector('.said').textContent = [text.trim(), ...files.map((file) => file.name)].filter(Boolean).join('\n');
  bubble.querySelector('progress').hidden = !files.length;
  byId(`turns-${conversation}`).append(bubble);
}

async function send(id) {
  const reply = waiting.get(id);
  if (!reply || reply.isUnderWay) return;
  reply.isUnderWay = true;
  await whenSaved();
  const form = new FormData();
  form.set('reply_id', id);
  form.set('text', reply.text);
  for (const file of reply.files) form.append('files', file, file.name);
  const answer = await upload(reply.url, form, (share) => showProgress(id, share));
  reply.isUnderWay = false;
  if (!answer || answer.status >= 500) {
    waitForConnection(id);
    return;
  }
  waiting.delete(id);
  attempt = 0;
  if (!answer.ok) refused(id, reply, answer.html);
  else if (byId('later')) openAgain(reply.conversation, `/inbox/c/${reply.conversation}`); // the end of the thread is not here
  else if (byId(`r-${id}-0`)?.dataset.key === '~') placeNodes(answer.html); // else the stream was faster and knows better
}

function showProgress(id, share) {
  const bar = byId(`r-${id}-0`)?.querySelector('progress');
  if (bar) bar.value = share;
}

function waitForConnection(id) {
  byId(`r-${id}-0`)?.querySelector('.st')?.replaceWith(spare('spare-waiting'));
  setTimeout(() => send(id), RETRY_MS[Math.min(attempt++, RETRY_MS.length - 1)]);
}

export function sendAgain() {
  attempt = 0;
  for (const id of waiting.keys()) send(id);
}

function refused(id, reply, html) {
  byId(`r-${id}-0`)?.remove();
  const form = byId('composer');
  if (form?.dataset.conversation === reply.conversation && form.elements.text) {
    if (reply.files.length) giveBack(form, reply.files);
    if (!form.elements.text.value) form.elements.text.value = reply.text;
    typed(form);
  }
  showNotice(html);
  refreshComposer();
}

// Assign, close, cancel a part …: a form of its own. A quiet one is answered by the stream.
export async function act(event, offline) {
  event.preventDefault();
  const form = event.target;
  const thread = shownThread();
  const fields = new FormData(form, event.submitter);
  saveDrafts();
  await whenSaved();
  const answer = await post(form.action, fields).catch(() => null);
  if (!answer) offline();
  else if (!answer.ok) showNotice(await answer.text());
  else if (form.dataset.act !== 'quiet') openAgain(thread);
}
