// What every part of the inbox's script stands on: elements, pieces to copy, requests. No behaviour of its own.
// What people wrote enters the page as text, or as HTML the server escaped; nothing here builds HTML from strings.

export const byId = (id) => document.getElementById(id);
export const spare = (id) => byId(id).content.firstElementChild.cloneNode(true);
export const said = (name) => byId('said').dataset[name];
export const shownThread = () => byId('hilo')?.dataset.open;

export const post = (url, fields = {}, options = {}) =>
  fetch(url, { method: 'POST', body: new URLSearchParams(fields), headers: { 'HX-Request': 'true' }, ...options });

export function parsed(html) {
  const template = document.createElement('template');
  template.innerHTML = html;
  return [...template.content.children];
}

// fetch cannot tell how far an upload is.
export function upload(url, form, onProgress) {
  return new Promise((resolve) => {
    const request = new XMLHttpRequest();
    request.open('POST', url);
    request.setRequestHeader('HX-Request', 'true');
    request.upload.onprogress = (event) => event.lengthComputable && onProgress(event.loaded / event.total);
    request.onload = () => resolve({ status: request.status, ok: request.status < 400, html: request.responseText });
    request.onerror = () => resolve(null);
    request.send(form);
  });
}

export function showNotice(html) {
  byId('notices').replaceChildren(...parsed(html));
}

export const session = { ended: false, leaving: false };
