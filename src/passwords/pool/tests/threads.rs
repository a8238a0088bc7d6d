//! The threads themselves.

use std::sync::Weak;
use std::time::Duration;

use super::*;

#[tokio::test(flavor = "multi_thread")]
async fn many_at_once_are_all_answered() {
    let pool = pool();
    let stored = pool.hash(lane(0), PASSWORD).await.expect("a hash");
    let tasks: Vec<_> = (0..200)
        .map(|n| {
            let (pool, stored) = (pool.clone(), stored.clone());
            tokio::spawn(async move { pool.verify(lane(n), PASSWORD, Some(&stored)).await })
        })
        .collect();
    for task in tasks {
        assert!(task.await.expect("no panic").expect("not busy").matches);
    }
    assert_eq!(pool.jobs_run(), 201);
}

#[tokio::test]
async fn the_threads_end_with_the_last_clone() {
    let pool = pool();
    let clone = pool.clone();
    let jobs = Arc::downgrade(pool.jobs());
    drop(pool);
    assert!(clone.hash(lane(1), PASSWORD).await.is_ok(), "a clone is enough");
    drop(clone);
    let gone = async {
        while Weak::strong_count(&jobs) > 0 {
            tokio::time::sleep(Duration::from_millis(1)).await;
        }
    };
    tokio::time::timeout(Duration::from_secs(10), gone).await.expect("no thread holds the jobs");
}

#[cfg(target_os = "linux")]
#[test]
fn hash_threads_give_way_to_others() {
    use rustix::process::getpriority_process;

    let before = getpriority_process(Some(rustix::thread::gettid())).expect("a priority");
    let after = std::thread::spawn(|| {
        priority::lower(5);
        getpriority_process(Some(rustix::thread::gettid())).expect("a priority")
    });
    assert_eq!(after.join().expect("no panic"), (before + 5).min(19));
    let own = getpriority_process(Some(rustix::thread::gettid())).expect("a priority");
    assert_eq!(own, before, "of this thread only");
}
