import { Component } from 'react';
import type { ReactNode } from 'react';
import { ErrorState } from '../design/ErrorState.tsx';

interface ErrorBoundaryProps {
  readonly children: ReactNode;
}

/** Keeps a failing view from taking the window with it; the rest works on. */
export class ErrorBoundary extends Component<ErrorBoundaryProps, { error: Error | null }> {
  override state: { error: Error | null } = { error: null };

  static getDerivedStateFromError(error: Error): { error: Error } {
    return { error };
  }

  override render(): ReactNode {
    const { error } = this.state;
    if (error === null) return this.props.children;
    return (
      <ErrorState
        error={{
          message: `This view failed: ${error.message}`,
          hint: 'The other tasks work on. Your trials are safe.',
        }}
        onRetry={() => this.setState({ error: null })}
      />
    );
  }
}
