import { DOCUMENT, inject, Service, signal } from '@angular/core';

export type Theme = 'system' | 'light' | 'dark';

/** Read by theme.js before the first paint of the next visit. */
const KEY = 'hubbub.theme';

/** Light, dark, or as the system has it. */
@Service()
export class ThemeStore {
  private readonly document = inject(DOCUMENT);
  private readonly themeSignal = signal<Theme>(this.stored());
  readonly theme = this.themeSignal.asReadonly();

  choose(theme: Theme): void {
    this.themeSignal.set(theme);
    const root = this.document.documentElement;
    const storage = this.document.defaultView?.localStorage;
    if (theme === 'system') {
      delete root.dataset['theme'];
      storage?.removeItem(KEY);
    } else {
      root.dataset['theme'] = theme;
      storage?.setItem(KEY, theme);
    }
  }

  private stored(): Theme {
    const theme = this.document.documentElement.dataset['theme'];
    return theme === 'light' || theme === 'dark' ? theme : 'system';
  }
}
