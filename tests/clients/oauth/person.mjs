// A person with a browser: keeps cookies, fills in the forms of our pages, and follows nothing by itself.
const HIDDEN = /type="hidden" name="(\w+)" value="([^"]*)"/g;
const ENTITIES = { "&amp;": "&", "&quot;": '"', "&#x27;": "'", "&lt;": "<", "&gt;": ">" };

function unescaped(text) {
  return text.replace(/&(amp|quot|#x27|lt|gt);/g, (entity) => ENTITIES[entity]);
}

export class Person {
  #cookies = new Map();

  constructor({ email, password }) {
    this.email = email;
    this.password = password;
  }

  /** Where the browser is sent once everything on the way has been answered with yes. */
  async agree(url) {
    let page = await this.#ask(url);
    for (const [seen, typed] of [
      ['value="sign-in"', { action: "sign-in", email: this.email, password: this.password }],
      ['value="allow"', { action: "allow" }],
    ]) {
      if (page.text.includes(seen)) {
        page = await this.#send(page, typed);
      }
    }
    if (!page.back) {
      throw new Error(`The browser was not sent back: ${page.status} ${page.text}`);
    }
    return new URL(page.back);
  }

  /** Say yes to a device that shows a code; the page that says so. */
  async approve(url) {
    let page = await this.#ask((await this.#ask(url)).back);
    if (page.text.includes('value="sign-in"')) {
      page = await this.#send(page, { action: "sign-in", email: this.email, password: this.password });
    }
    return (await this.#send(page, { action: "allow" })).text;
  }

  async #send(page, typed) {
    const hidden = [...page.text.matchAll(HIDDEN)].map(([, name, value]) => [name, unescaped(value)]);
    const body = new URLSearchParams([...hidden, ...Object.entries(typed)]);
    return this.#ask(page.url.split("?")[0], { method: "POST", body });
  }

  async #ask(url, options = {}) {
    const cookie = [...this.#cookies].map(([name, value]) => `${name}=${value}`).join("; ");
    const response = await fetch(url, { ...options, redirect: "manual", headers: cookie ? { cookie } : {} });
    for (const kept of response.headers.getSetCookie()) {
      const [, name, value] = kept.match(/^([^=]+)=([^;]*)/);
      this.#cookies.set(name, value);
    }
    const back = response.headers.get("location");
    return { url: String(url), status: response.status, back, text: await response.text() };
  }
}
