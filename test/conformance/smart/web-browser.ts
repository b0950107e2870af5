/** A page, or the redirect out of the hub at which the browser stopped. */
export interface Page {
  readonly status: number;
  readonly url: string;
  readonly headers: Headers;
  readonly html: string;
  /** Address outside of the hub to which it was sent. */
  readonly left: URL | undefined;
}

/** A browser as far as the sign-in pages need one: cookies, redirects, forms. It stops where it leaves the hub. */
export class WebBrowser {
  readonly origin: string;
  readonly cookies = new Map<string, string>();
  constructor(origin: string) {
    this.origin = origin;
  }

  async open(address: string, init: RequestInit = {}): Promise<Page> {
    const url = new URL(address, this.origin);
    const cookie = [...this.cookies].map(([name, value]) => `${name}=${value}`).join('; ');
    const headers = { ...(init.headers as Record<string, string>), ...(cookie ? { cookie } : {}) };
    const response = await fetch(url, { ...init, headers, redirect: 'manual' });
    for (const line of response.headers.getSetCookie()) {
      const [name = '', value = ''] = line.split(';')[0]!.split('=');
      this.cookies.set(name, value);
    }
    const location = response.headers.get('location');
    const html = await response.text();
    const page = { status: response.status, url: url.href, headers: response.headers, html, left: undefined };
    if (location === null) return page;
    const to = new URL(location, url);
    return to.origin === this.origin ? this.open(to.href) : { ...page, left: to };
  }

  /** Sends the form that posts to this path, its hidden fields with those given. */
  submit(page: Page, action: string, fields: Readonly<Record<string, string>> = {}): Promise<Page> {
    const form = new RegExp(`<form method="post" action="${action}">(.*?)</form>`, 's').exec(page.html)?.[1];
    if (form === undefined) throw new Error(`the page has no form for ${action}: ${page.status}`);
    const hidden = [...form.matchAll(/<input type="hidden" name="(\w+)" value="([^"]*)">/g)].map(
      ([, name, value]) => [name!, unescaped(value!)] as const,
    );
    const body = new URLSearchParams({ ...Object.fromEntries(hidden), ...fields });
    return this.open(action, { method: 'POST', body });
  }

  signIn(page: Page, name: string, password: string): Promise<Page> {
    return this.submit(page, '/oauth2/sign-in', { name, password });
  }

  allow(page: Page, patient?: string): Promise<Page> {
    return this.submit(page, '/oauth2/consent', { decision: 'allow', ...(patient === undefined ? {} : { patient }) });
  }
}

const unescaped = (text: string): string =>
  text
    .replace(/&quot;/g, '"')
    .replace(/&#39;/g, "'")
    .replace(/&lt;/g, '<')
    .replace(/&gt;/g, '>')
    .replace(/&amp;/g, '&');
