/** What the page says around the element, which has words of its own. The three tables have the same keys. */
export const words = {
  en: {
    title: 'Upload files of any size',
    signedInAs: (user) => `Signed in as ${user}`,
    tips: 'Things to try',
    tipClose:
      'Close this tab half-way, and open it again: the upload goes on, and no part that has arrived is sent twice.',
    tipNetwork:
      'Cut the network, or stop the server for a while: uploads wait, and go on by themselves once it is back.',
    tipTabs: 'Add the same file in a second tab: one of them sends it, and the other shows how far it is.',
    tipFolder: 'Drop a whole folder, or paste a picture.',
  },
  'zh-CN': {
    title: '上传任意大小的文件',
    signedInAs: (user) => `已登录：${user}`,
    tips: '试一试',
    tipClose: '传到一半时关闭标签页再打开：上传会继续，已到达的分片不会再传。',
    tipNetwork: '断开网络，或把服务器停一会儿：上传会等待，恢复后自动继续。',
    tipTabs: '在另一个标签页里添加同一个文件：只有一个标签页在传，另一个显示进度。',
    tipFolder: '拖入整个文件夹，或粘贴一张图片。',
  },
  'zh-TW': {
    title: '上傳任意大小的檔案',
    signedInAs: (user) => `已登入：${user}`,
    tips: '試試看',
    tipClose: '傳到一半時關閉分頁再開啟：上傳會繼續，已送達的分段不會再傳。',
    tipNetwork: '中斷網路，或讓伺服器停一會兒：上傳會等待，恢復後自動繼續。',
    tipTabs: '在另一個分頁加入同一個檔案：只有一個分頁在傳，另一個顯示進度。',
    tipFolder: '拖入整個資料夾，或貼上一張圖片。',
  },
};
