import { InjectionToken, Service, signal, Type } from '@angular/core';
import { Message } from '../api/generated/models';

/** The dialogs that there are, and what each wants to know. */
export interface DialogData {
  newMessage: undefined;
  newGroup: undefined;
  browseChannels: undefined;
  invitePeople: undefined;
  account: undefined;
  threads: undefined;
  switcher: undefined;
  shortcuts: undefined;
  pins: { conversationId: string };
  directSettings: { conversationId: string };
  members: { conversationId: string };
  editHistory: { message: Message };
}

export type DialogName = keyof DialogData;

/** Where each dialog's component is loaded from when it is first opened. Features do not know each other. */
export type DialogLoaders = Record<DialogName, () => Promise<Type<unknown>>>;

export const DIALOG_LOADERS = new InjectionToken<DialogLoaders>('DIALOG_LOADERS');

/** Handed to the component of an open dialog. */
export const DIALOG_DATA = new InjectionToken<unknown>('DIALOG_DATA');

export interface OpenDialog {
  name: DialogName;
  data: unknown;
}

/** The one dialog that may be open. */
@Service()
export class Dialogs {
  private readonly openSignal = signal<OpenDialog | undefined>(undefined);
  readonly open = this.openSignal.asReadonly();

  show<N extends DialogName>(
    name: N,
    ...data: DialogData[N] extends undefined ? [] : [DialogData[N]]
  ): void {
    this.openSignal.set({ name, data: data[0] });
  }

  close(): void {
    this.openSignal.set(undefined);
  }
}
