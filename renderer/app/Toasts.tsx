import { Notification } from '@mantine/core';
import { useEffect } from 'react';
import type { ReactNode } from 'react';
import { useMessages } from '../state/messages.ts';
import type { Message } from '../state/messages.ts';
import { ShowLayer } from '../widgets/ShowLayer.tsx';
import classes from './Toasts.module.css';

const COLORS: Readonly<Record<Message['level'], string>> = {
  info: 'blue',
  success: 'teal',
  warning: 'yellow',
  error: 'red',
};
/** Errors stay until they are closed; the rest has been read by then. */
const SHOWN_MS: Readonly<Record<Message['level'], number>> = {
  info: 3000,
  success: 4000,
  warning: 9000,
  error: Infinity,
};

/** What just happened, and what to do about it. */
export function Toasts(): ReactNode {
  const shown = useMessages((state) => state.shown);
  return (
    <div className={classes['toasts']} aria-live="polite">
      {shown.map((message) => (
        <Toast key={message.id} message={message} />
      ))}
    </div>
  );
}

function Toast({ message }: { readonly message: Message }): ReactNode {
  const { id, level } = message;
  useEffect(() => {
    const duration = SHOWN_MS[level];
    if (!Number.isFinite(duration)) return undefined;
    const timer = setTimeout(() => useMessages.getState().dismiss(id), duration);
    return () => clearTimeout(timer);
  }, [id, level]);
  return (
    <Notification
      role={level === 'error' ? 'alert' : 'status'}
      color={COLORS[level]}
      title={message.message}
      withBorder
      closeButtonProps={{ 'aria-label': 'Dismiss' }}
      onClose={() => useMessages.getState().dismiss(id)}
      classNames={{ root: classes['toast'] ?? '', title: classes['title'] ?? '', description: 'lap-muted' }}
    >
      {message.hint}
      {message.layer !== null && (
        <div>
          <ShowLayer name={message.layer} />
        </div>
      )}
    </Notification>
  );
}
