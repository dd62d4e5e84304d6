import { lazy } from 'react';
import { Navigate, createBrowserRouter } from 'react-router';
import { Crashed } from './shell/Crashed';
import { Layout } from './shell/Layout';
import { LoginPage } from './shell/LoginPage';
import { NotFound } from './shell/states';

const LivePage = lazy(() => import('./live/LivePage'));
const AlertPage = lazy(() => import('./alert/AlertPage'));
const DevicesPage = lazy(() => import('./devices/DevicesPage'));
const DevicePage = lazy(() => import('./devices/DevicePage'));
const QuarantinePage = lazy(() => import('./quarantine/QuarantinePage'));
const HealthPage = lazy(() => import('./health/HealthPage'));

export const router = createBrowserRouter([
  { path: '/login', element: <LoginPage />, errorElement: <Crashed /> },
  {
    path: '/',
    element: <Layout />,
    errorElement: <Crashed />,
    children: [
      { index: true, element: <Navigate to="/live" replace /> },
      {
        errorElement: <Crashed />,
        children: [
          { path: 'live', element: <LivePage /> },
          { path: 'alerts/:id', element: <AlertPage /> },
          { path: 'devices', element: <DevicesPage /> },
          { path: 'devices/:id', element: <DevicePage /> },
          { path: 'quarantine', element: <QuarantinePage /> },
          { path: 'health', element: <HealthPage /> },
          { path: '*', element: <NotFound /> },
        ],
      },
    ],
  },
]);
