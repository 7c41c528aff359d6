import { NgComponentOutlet } from '@angular/common';
import { Component, effect, inject, Injector, signal, Type } from '@angular/core';
import { DIALOG_DATA, DIALOG_LOADERS, Dialogs } from './dialogs';

interface Shown {
  component: Type<unknown>;
  injector: Injector;
}

/** Loads and shows the open dialog. */
@Component({
  selector: 'app-dialog-host',
  imports: [NgComponentOutlet],
  template: `
    @if (shown(); as shown) {
      <ng-container *ngComponentOutlet="shown.component; injector: shown.injector" />
    }
  `,
})
export class DialogHost {
  private readonly loaders = inject(DIALOG_LOADERS);
  private readonly parent = inject(Injector);
  protected readonly shown = signal<Shown | undefined>(undefined);

  constructor() {
    const dialogs = inject(Dialogs);
    effect(() => {
      const open = dialogs.open();
      if (!open) {
        this.shown.set(undefined);
        return;
      }
      const injector = Injector.create({
        parent: this.parent,
        providers: [{ provide: DIALOG_DATA, useValue: open.data }],
      });
      this.loaders[open.name]().then(
        (component) => {
          if (dialogs.open() === open) this.shown.set({ component, injector });
        },
        () => {
          dialogs.close();
        },
      );
    });
  }
}
