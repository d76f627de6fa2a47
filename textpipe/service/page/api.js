// Requests to the service that this page came from, and to nothing else.

const TOKEN = "textpipe-token", TRIES = 3, LONGEST_WAIT = 8;
let kept = "";

export class ServiceError extends Error {
  constructor(status, message, hint) {
    super(message);
    this.status = status;
    this.hint = hint;
  }
}

/** Calls that the page hears: the service is busy (seconds), it asks for a token (resolves when there is one, or not). */
export const heard = { busy: () => {}, token: async () => false };

export function useToken(token) {
  kept = token;
  try { sessionStorage.setItem(TOKEN, token); } catch { /* kept for this page only */ }
}

function token() {
  if (!kept) try { kept = sessionStorage.getItem(TOKEN) || ""; } catch { /* none */ }
  return kept;
}

const pause = (seconds, signal) => new Promise((resolve, reject) => {
  const timer = setTimeout(resolve, seconds * 1000);
  signal?.addEventListener("abort", () => { clearTimeout(timer); reject(signal.reason); }, { once: true });
});

async function request(path, options) {
  for (let attempt = 1; ; attempt++) {
    const headers = { ...options.headers }, shown = token();
    if (shown) headers.Authorization = `Bearer ${shown}`;
    let response;
    try {
      response = await fetch(path, { ...options, headers, credentials: "omit", redirect: "error" });
    } catch (error) {
      if (error.name === "AbortError") throw error;
      throw new ServiceError(0, "unreachable");
    }
    if (response.ok) return response.json();
    const refused = await failure(response);
    if (response.status === 401 && attempt < TRIES && await heard.token(shown)) continue;
    if (response.status !== 503 || attempt >= TRIES) throw refused;
    const wait = Math.min(Math.max(Number(response.headers.get("Retry-After")) || 1, 0.2), LONGEST_WAIT);
    heard.busy(wait);
    await pause(wait, options.signal);
  }
}

async function failure(response) {
  let said = {};
  try { said = (await response.json()).error || {}; } catch { /* no JSON: the status says it */ }
  return new ServiceError(response.status, said.message || `${response.status} ${response.statusText}`, said.hint);
}

export const get = (path, signal) => request(path, { signal });
export const post = (path, body, signal) => request(path, {
  method: "POST", signal, headers: { "Content-Type": "application/json" }, body: JSON.stringify(body),
});

/** The one record of a text; of several (a text with several labels) all of them. */
export const records = (answer) => Array.isArray(answer.documents) ? answer.documents : [answer];

/** Lone halves of a character cannot be sent: each becomes U+FFFD, as long as it was. */
export const wellFormed = (text) => text.toWellFormed ? text.toWellFormed()
  : text.replace(/[\ud800-\udbff](?![\udc00-\udfff])|(?<![\ud800-\udbff])[\udc00-\udfff]/g, "\ufffd");

let listed = null;
/** The artifacts of the store, asked for once until `again`. */
export function artifacts(again = false) {
  if (again || !listed) {
    listed = get("v1/artifacts").then((answer) => answer.artifacts);
    listed.catch(() => { listed = null; });
  }
  return listed;
}

/** What an artifact is called in a request. */
export const called = (artifact) => artifact.name && artifact.name !== "latest" ? artifact.name : artifact.id;
export const title = (artifact) => artifact.name && artifact.name !== "latest" ? artifact.name : artifact.id.slice(0, 8);
