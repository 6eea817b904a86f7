import type { UseQueryResult } from '@tanstack/react-query';
import type { ReactNode } from 'react';
import { ErrorState } from '../design/ErrorState.tsx';
import { LoadingState } from '../design/LoadingState.tsx';
import type { EngineError } from '../rpc/engine-error.ts';

interface LoadedProps<T> {
  readonly query: UseQueryResult<T, EngineError>;
  /** What is on its way: "Reading the graph…". */
  readonly loading: string;
  readonly children: (value: T) => ReactNode;
  /** Instead of asking again. */
  readonly onRetry?: () => void;
}

/** Draws an answer of the engine, or that it is on its way, or why it did not come. */
export function Loaded<T>({ query, loading, children, onRetry }: LoadedProps<T>): ReactNode {
  if (query.status === 'pending') return <LoadingState>{loading}</LoadingState>;
  if (query.status === 'error')
    return <ErrorState error={query.error} onRetry={onRetry ?? (() => void query.refetch())} />;
  return children(query.data);
}
