import { useState } from 'react';

export function Drop({ onFiles }) {
  const [isOver, setOver] = useState(false);
  const choose = ({ target }) => {
    onFiles(target.files);
    // The same file can be chosen again only after the field was emptied.
    target.value = '';
  };
  const drop = (event) => {
    event.preventDefault();
    setOver(false);
    onFiles(event.dataTransfer.files);
  };
  return (
    <label
      className={isOver ? 'drop over' : 'drop'}
      onDragOver={(event) => {
        event.preventDefault();
        setOver(true);
      }}
      onDragLeave={() => setOver(false)}
      onDrop={drop}
    >
      <input type="file" multiple onChange={choose} />
      <span className="button primary">Choose files</span>
      <span className="quiet">or drop them here. Of any size: an upload that is interrupted goes on.</span>
    </label>
  );
}
