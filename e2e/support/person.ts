import { type Browser, type Locator, type Page, expect } from '@playwright/test';
import { PASSWORD } from './cast.ts';
import { PageWatch } from './page-watch.ts';

/** Somebody with a browser of their own, who finds things by the names that a screen reader would read out. */
export class Person {
  readonly name: string;
  readonly page: Page;
  readonly watch: PageWatch;

  /** How many hub connections the page has open. */
  sockets = 0;

  private constructor(name: string, page: Page, watch: PageWatch) {
    this.name = name;
    this.page = page;
    this.watch = watch;
    page.on('websocket', (socket) => {
      this.sockets += 1;
      socket.on('close', () => (this.sockets -= 1));
    });
  }

  /** Sits down at a browser and opens `address`. */
  static async arrive(browser: Browser, name: string, address: string): Promise<Person> {
    const context = await browser.newContext({
      viewport: { width: 1280, height: 800 },
      permissions: ['clipboard-read', 'clipboard-write'],
      // A test's own certificate is signed by nobody.
      ignoreHTTPSErrors: true,
    });
    return Person.#sitDown(await context.newPage(), name, address);
  }

  /** Opens the same address once more in the same browser. */
  async opensAnotherTab(): Promise<Person> {
    const page = await this.page.context().newPage();
    return Person.#sitDown(page, this.name, this.page.url());
  }

  static async #sitDown(page: Page, name: string, address: string): Promise<Person> {
    const watch = await PageWatch.begin(page, new URL(address).origin);
    const person = new Person(name, page, watch);
    await page.goto(address);
    return person;
  }

  /** The first name in letters that a username may have. */
  get username(): string {
    const [first = ''] = this.name.toLowerCase().normalize('NFD').split(' ');
    return first.replace(/[^a-z]/g, '');
  }

  /** Fills in the form of a new account. */
  async introducesThemself(): Promise<void> {
    await this.page.getByLabel('Display name', { exact: true }).fill(this.name);
    await this.page.getByLabel('Username', { exact: true }).fill(this.username);
    await this.page.getByLabel('Password', { exact: true }).fill(PASSWORD);
  }

  /** Signs in with an account that there is. */
  async signsIn(username: string): Promise<void> {
    await this.page.getByLabel('Username', { exact: true }).fill(username);
    await this.page.getByLabel('Password', { exact: true }).fill(PASSWORD);
    await this.presses('Sign in');
    await expect(this.conversations).toBeVisible();
  }

  async presses(button: string): Promise<void> {
    await this.page.getByRole('button', { name: button, exact: true }).click();
  }

  dialog(name: string): Locator {
    return this.page.getByRole('dialog', { name, exact: true });
  }

  /** The list of conversations. */
  get conversations(): Locator {
    return this.page.getByRole('navigation', { name: 'Conversations' });
  }

  /** A conversation's row in the list. */
  conversation(name: string): Locator {
    const called = this.page.getByText(name, { exact: true });
    return this.conversations.getByRole('link').filter({ has: called });
  }

  /** Makes an invitation link in the client; the dialog is left open. */
  async createsInvitation(): Promise<string> {
    await this.presses('Invite people');
    const dialog = this.dialog('Invite people');
    await dialog.getByRole('button', { name: 'Create link' }).click();
    const link = dialog.getByRole('textbox', { name: 'Invitation link' });
    await expect(link).toHaveValue(/\/join\//);
    return link.inputValue();
  }

  async closesDialog(): Promise<void> {
    await this.page.getByRole('dialog').getByRole('button', { name: 'Close' }).click();
    await expect(this.page.getByRole('dialog')).toHaveCount(0);
  }

  /** Looks somebody up and opens the conversation with them. */
  async writesTo(other: Person): Promise<void> {
    await this.presses('New message');
    const dialog = this.dialog('New message');
    await dialog.getByRole('searchbox', { name: 'Find people' }).fill(other.username);
    await dialog.getByRole('option', { name: other.name }).click();
    await expect(this.composer(other.name)).toBeVisible();
  }

  /** Fills in a new group; the dialog is left open. */
  async preparesGroup(name: string, ...others: Person[]): Promise<void> {
    await this.presses('New group');
    const dialog = this.dialog('New group');
    await dialog.getByRole('textbox', { name: 'Group name' }).fill(name);
    for (const other of others) {
      await dialog.getByRole('searchbox', { name: 'Add people' }).fill(other.username);
      await dialog.getByRole('option', { name: other.name }).click();
    }
  }

  async opens(conversation: string): Promise<void> {
    await this.conversation(conversation).click();
    await expect(this.composer(conversation)).toBeVisible();
  }

  composer(conversation: string): Locator {
    return this.page.getByRole('textbox', { name: `Message ${conversation}`, exact: true });
  }

  /** Writes into the open conversation and sends it. */
  async says(conversation: string, text: string): Promise<void> {
    await this.composer(conversation).fill(text);
    await this.presses('Send');
  }

  /** Everything that is said and told in the open conversation. */
  timeline(conversation: string): Locator {
    return this.page.getByRole('log', { name: `Messages in ${conversation}`, exact: true });
  }

  /** The messages of the open conversation, one row each. */
  messages(conversation: string): Locator {
    return this.timeline(conversation).getByRole('article');
  }

  /** Opens what can be done with a member of the open group. */
  async manages(group: string, member: string): Promise<void> {
    await this.page.getByRole('button', { name: /^Show members/ }).click();
    await this.dialog(`Members of ${group}`).getByLabel(`Manage ${member}`).click();
  }

  /** The message with this text in the open conversation. */
  message(conversation: string, text: string): Locator {
    return this.messages(conversation).filter({ hasText: text });
  }

  /** Opens the menu of a message and chooses from it. */
  async does(action: string, message: Locator): Promise<void> {
    await message.hover();
    await message.getByRole('button', { name: /^Actions for/ }).click();
    const menu = this.page.getByRole('menu', { name: 'Message actions' });
    await menu.getByRole('menuitem', { name: action, exact: true }).click();
    await expect(menu).toBeHidden();
  }

  /** Waits until the open conversation shows exactly these messages, in this order, each once. */
  async sees(conversation: string, texts: string[], options?: { timeout: number }): Promise<void> {
    await expect(this.messages(conversation)).toHaveCount(texts.length, options);
    await expect(this.messages(conversation)).toContainText(texts, options);
  }

  get typingLine(): Locator {
    return this.page.getByTestId('typing');
  }

  get connectionBanner(): Locator {
    return this.page.getByTestId('connection');
  }

  /** Waits until the browser could open the page without the server. */
  async keepsFiles(): Promise<void> {
    await this.page.evaluate(async () => {
      await navigator.serviceWorker.ready;
    });
  }

  async leaves(): Promise<void> {
    await this.page.context().close();
  }
}
