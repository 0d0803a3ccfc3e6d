//! The socket, asked as programs ask it and as strangers do.

use std::os::unix::net::UnixListener as BlockingListener;
use std::sync::atomic::{AtomicUsize, Ordering};

use super::*;

const RULES: LocalRules = LocalRules {
    file_name: "test.sock",
    longest_question: 256,
    longest_answer: 64,
    connections: 2,
    answer_within: Duration::from_secs(60),
};

fn ask_length(directory: &Path, question: &str) -> Result<Option<usize>, LocalError> {
    ask(directory, &RULES, &question)
}

/// What a line of any program is answered.
fn told(directory: &Path, line: &[u8]) -> io::Result<Vec<u8>> {
    let mut stream = BlockingStream::connect(directory.join(RULES.file_name))?;
    exchange(&mut stream, &RULES, line)
}

/// Serves while `asking` runs in a thread of its own.
async fn served<A, R, T>(
    directory: &Path,
    answer: impl Fn(String) -> R + Send + Sync + 'static,
    asking: impl FnOnce(&Path) -> T + Send + 'static,
) -> T
where
    A: Serialize + Send + 'static,
    R: Future<Output = A> + Send + 'static,
    T: Send + 'static,
{
    let socket = LocalSocket::bind(directory, &RULES).unwrap();
    let directory = directory.to_owned();
    tokio::select! {
        () = socket.serve(answer) => unreachable!("it serves for ever"),
        told = tokio::task::spawn_blocking(move || asking(&directory)) => told.unwrap(),
    }
}

async fn length(question: String) -> usize {
    question.len()
}

#[tokio::test]
async fn questions_are_answered_and_the_socket_is_tidied_away() {
    let directory = tempfile::tempdir().unwrap();
    let answers = served(directory.path(), length, |directory| {
        ["参保", ""].map(|question| ask_length(directory, question).unwrap())
    });
    assert_eq!(answers.await, [Some(6), Some(0)]);
    assert_eq!(fs::read_dir(directory.path()).unwrap().count(), 0);
}

#[tokio::test]
async fn the_socket_is_for_its_owner_alone() {
    let directory = tempfile::tempdir().unwrap();
    let _socket = LocalSocket::bind(directory.path(), &RULES).unwrap();
    let metadata = fs::metadata(directory.path().join(RULES.file_name)).unwrap();
    assert_eq!(metadata.permissions().mode() & 0o777, 0o600);
    assert!(!directory.path().join(CRADLE).exists());
}

#[tokio::test]
async fn the_socket_of_a_dead_process_is_replaced_and_that_of_a_live_one_is_not() {
    let directory = tempfile::tempdir().unwrap();
    drop(BlockingListener::bind(directory.path().join(RULES.file_name)).unwrap());
    fs::create_dir(directory.path().join(CRADLE)).unwrap();
    assert!(matches!(ask_length(directory.path(), ""), Ok(None)));
    let _socket = LocalSocket::bind(directory.path(), &RULES).unwrap();
    let second = LocalSocket::bind(directory.path(), &RULES);
    assert!(matches!(second, Err(LocalError::Taken)), "{second:?}");
}

#[tokio::test]
async fn a_line_that_is_too_long_is_refused_on_either_side() {
    let directory = tempfile::tempdir().unwrap();
    let most = usize::try_from(RULES.longest_question).unwrap();
    let (fits, asked, taken) = served(directory.path(), length, move |directory| {
        let fits = ask_length(directory, &"8".repeat(most - 3)).unwrap();
        let asked = ask_length(directory, &"8".repeat(most - 2));
        let taken = told(directory, format!("{:most$}", "\"8\"").as_bytes());
        (fits, asked, taken)
    })
    .await;
    assert_eq!(fits, Some(most - 3));
    assert!(matches!(asked, Err(LocalError::TooLong { most: 256 })));
    assert!(taken.is_err(), "{taken:?}");
}

#[tokio::test]
async fn an_answer_that_is_too_long_is_none() {
    let directory = tempfile::tempdir().unwrap();
    let echo = |question: String| async move { question };
    let echoed = served(directory.path(), echo, |directory| {
        [61, 62].map(|length| ask::<_, String>(directory, &RULES, &"8".repeat(length)))
    });
    let [fits, long] = echoed.await;
    assert_eq!(fits.unwrap().unwrap().len(), 61);
    assert!(matches!(long, Err(LocalError::NoAnswer(_))), "{long:?}");
}

#[tokio::test]
async fn a_line_that_is_no_question_is_named_and_the_next_is_answered() {
    let directory = tempfile::tempdir().unwrap();
    let (refused, next) = served(directory.path(), length, |directory| {
        let refused = ask::<_, usize>(directory, &RULES, &["fly"]);
        (refused, ask_length(directory, "8").unwrap())
    })
    .await;
    assert!(matches!(refused, Err(LocalError::NotUnderstood)));
    assert_eq!(next, Some(1));
}

#[tokio::test]
async fn half_a_line_is_not_carried_out() {
    let directory = tempfile::tempdir().unwrap();
    let asked = Arc::new(AtomicUsize::new(0));
    let counted = Arc::clone(&asked);
    let count = move |_: String| {
        counted.fetch_add(1, Ordering::SeqCst);
        async {}
    };
    let rest = served(directory.path(), count, |directory| {
        let mut stream = BlockingStream::connect(directory.join(RULES.file_name)).unwrap();
        stream.write_all(b"\"8\"").unwrap();
        stream.shutdown(std::net::Shutdown::Write).unwrap();
        let mut rest = Vec::new();
        stream.read_to_end(&mut rest).map(|_| rest)
    });
    assert_eq!(rest.await.unwrap(), b"");
    assert_eq!(asked.load(Ordering::SeqCst), 0);
}

#[tokio::test]
async fn no_more_than_the_rules_allow_are_answered_at_once() {
    let directory = tempfile::tempdir().unwrap();
    let busy = Arc::new(AtomicUsize::new(0));
    let count = move |_: String| {
        let busy = Arc::clone(&busy);
        async move {
            let at_once = busy.fetch_add(1, Ordering::SeqCst) + 1;
            for _ in 0..100 {
                tokio::task::yield_now().await;
            }
            busy.fetch_sub(1, Ordering::SeqCst);
            at_once
        }
    };
    let answers = served(directory.path(), count, |directory| {
        std::thread::scope(|scope| {
            let asking: Vec<_> = (0..16)
                .map(|_| scope.spawn(|| ask_length(directory, "").unwrap()))
                .collect();
            let answers = asking.into_iter().map(|it| it.join().unwrap().unwrap());
            answers.collect::<Vec<_>>()
        })
    });
    let answers = answers.await;
    assert!(
        answers.iter().all(|it| *it <= RULES.connections),
        "{answers:?}"
    );
}

#[test]
fn a_process_that_goes_away_is_told_from_none() {
    let directory = tempfile::tempdir().unwrap();
    assert!(matches!(ask_length(directory.path(), ""), Ok(None)));
    let listener = BlockingListener::bind(directory.path().join(RULES.file_name)).unwrap();
    let leaving = std::thread::spawn(move || drop(listener.accept()));
    let told = ask_length(directory.path(), "");
    assert!(matches!(told, Err(LocalError::NoAnswer(_))), "{told:?}");
    leaving.join().unwrap();
}

#[tokio::test]
async fn a_path_too_long_for_a_socket_is_named() {
    let directory = tempfile::tempdir().unwrap();
    let deep = directory.path().join("d".repeat(120));
    fs::create_dir(&deep).unwrap();
    let bound = LocalSocket::bind(&deep, &RULES);
    assert!(matches!(bound, Err(LocalError::PathTooLong)), "{bound:?}");
    assert!(matches!(ask_length(&deep, ""), Ok(None)));
}
