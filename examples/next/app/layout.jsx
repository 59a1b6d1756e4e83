import '../../shared/app.css';

export const metadata = { title: 'partwise with Next' };

export default function Layout({ children }) {
  return (
    <html lang="en">
      <body>{children}</body>
    </html>
  );
}
